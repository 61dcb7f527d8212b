"""Bytes on disk and the Python code in them: finding files, encodings, writing safely.

Nothing here knows nnsight's meaning; `relevance` knows how its name and shape look in bytes.
"""

from __future__ import annotations

from nnmigrate.documents.discovery import Discovered, discover
from nnmigrate.documents.notebooks import Notebook, program_of
from nnmigrate.documents.places import Origin, Place, Sheet
from nnmigrate.documents.problem import DocumentProblem
from nnmigrate.documents.python import Document, PythonDocument
from nnmigrate.documents.reading import SIZE_LIMIT, read
from nnmigrate.documents.relevance import mentions_nnsight
from nnmigrate.documents.writing import create, write

__all__ = [
    "SIZE_LIMIT",
    "Discovered",
    "Document",
    "DocumentProblem",
    "Notebook",
    "Origin",
    "Place",
    "PythonDocument",
    "Sheet",
    "create",
    "discover",
    "mentions_nnsight",
    "program_of",
    "read",
    "write",
]
