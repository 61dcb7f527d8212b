"""Baselines that are kept in a file."""

from __future__ import annotations

import json
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest

from nnmigrate.executor import (
    Conditions,
    Executors,
    Original,
    Outcome,
    Recorded,
    Script,
    hints_of,
    judge,
    recording,
)
from nnmigrate.executor.recording import BadRecording, Recording

PROGRAM = """
from nnsight import LanguageModel
import torch
lm = LanguageModel("openai-community/gpt2")
with lm.trace("a b", remote=True):
    half = lm.transformer.h[1].mlp.output.bfloat16().save()
    out = lm.lm_head.output.save()
torch.save(out.argmax(-1), "tokens.pt")
print(out.shape[0])
"""


@pytest.fixture(scope="module")
def kept(executors: Executors) -> Recorded:
    script = Script(PROGRAM.encode())
    return Recorded.of(Original(script, executors.baseline, Conditions(), hints_of(script.source)))


@pytest.fixture
def file(kept: Recorded, tmp_path: Path) -> Path:
    path = tmp_path / "baseline.json"
    recording.write(Recording("0.4.11", "4.51.3", {"a.py": kept}), path)
    return path


def test_what_is_kept_comes_back(kept: Recorded, file: Path) -> None:
    back = recording.read(file)
    assert (back.nnsight, back.transformers) == ("0.4.11", "4.51.3")
    assert back.programs["a.py"] == kept
    assert kept.remote is not None
    assert {"out", "half"} <= set(kept.local.values)


def test_it_stands_in_for_nnsight_0_4(file: Path, executors: Executors) -> None:
    found = recording.read(file).programs["a.py"]
    after = Script(PROGRAM.encode())
    assert judge(found, after, executors.migrated, Conditions()).outcome is Outcome.SAME
    other = replace(after, source=after.source.replace(b".shape[0]", b".shape[1]"))
    verdict = judge(found, other, executors.migrated, Conditions())
    assert verdict.reason == "printed line 1: '1' became '2'"
    close = replace(after, source=after.source.replace(b"output.save", b"output.add(1e-7).save"))
    assert judge(found, close, executors.migrated, Conditions()).outcome is Outcome.CLOSE


def test_the_file_can_be_read(file: Path) -> None:
    data = json.loads(file.read_text())
    out = data["programs"]["a.py"]["local"]["values"]["out"]
    assert (out["dtype"], out["shape"][:2]) == ("float32", [1, 2])
    assert data["programs"]["a.py"]["remote"]["requests"][0]["sent"] > 0


def test_numpy_reads_the_tensors(file: Path, executors: Executors) -> None:
    text = "import numpy\nsaved = dict(numpy.load('baseline.npz'))\n"
    values = executors.migrated.run(Script(text.encode(), folder=file.parent)).values["saved"]
    by_name = {name.strip("'"): value for name, value in values.items}
    out = recording.read(file).programs["a.py"].local.values["out"]
    assert by_name[out.sha256].shape == out.shape
    assert by_name[out.sha256].dtype == "numpy.float32"
    assert by_name[out.sha256].sha256 == out.sha256


def test_the_same_values_give_the_same_file(file: Path, kept: Recorded, tmp_path: Path) -> None:
    again = tmp_path / "again.json"
    recording.write(Recording("0.4.11", "4.51.3", {"a.py": kept}), again)
    assert again.read_bytes() == file.read_bytes()
    assert recording.archive_of(again).read_bytes() == recording.archive_of(file).read_bytes()


@pytest.mark.parametrize(
    "text", ["", "{}", "[]", "null", '{"format": 1}', '{"format": 1, "programs": 3}']
)
def test_what_is_no_recording(file: Path, text: str) -> None:
    file.write_text(text)
    with pytest.raises(BadRecording, match="is no recording"):
        recording.read(file)


def test_a_later_format(file: Path) -> None:
    file.write_text('{"format": 2}')
    with pytest.raises(BadRecording, match="format 2"):
        recording.read(file)


def test_tensors_that_are_missing_or_broken(file: Path) -> None:
    archive = recording.archive_of(file)
    archive.write_bytes(b"PK")
    with pytest.raises(BadRecording, match="is no recording"):
        recording.read(file)
    archive.unlink()
    with pytest.raises(BadRecording, match="are missing"):
        recording.read(file)


def test_a_write_that_fails_leaves_nothing(kept: Recorded, tmp_path: Path) -> None:
    (tmp_path / "b.json").mkdir()
    with pytest.raises(OSError, match="directory"):
        recording.write(Recording("0.4.11", "4.51.3", {"a.py": kept}), tmp_path / "b.json")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["b.json", "b.npz"]


def test_an_archive_is_a_zip_of_arrays(file: Path) -> None:
    with zipfile.ZipFile(recording.archive_of(file)) as archive:
        assert archive.testzip() is None
        assert all(name.endswith(".npy") for name in archive.namelist())
