"""Bytes on disk and the Python code in them: finding files, encodings, writing safely.

Nothing here knows nnsight's meaning; `relevance` knows how its name and shape look in bytes.
"""

from __future__ import annotations

from nnmigrate.documents.discovery import Discovered, discover
from nnmigrate.documents.document import Document
from nnmigrate.documents.kinds import (
    EVERYTHING,
    PROGRAMS,
    document_of,
    is_host,
    is_notebook,
    is_text,
    may_concern_nnsight,
)
from nnmigrate.documents.magics import TRANSPARENT
from nnmigrate.documents.places import Origin, Place, Sheet
from nnmigrate.documents.problem import DocumentProblem, as_written
from nnmigrate.documents.python import PythonDocument
from nnmigrate.documents.reading import SIZE_LIMIT, read, refuse_too_long
from nnmigrate.documents.relevance import mentions_nnsight
from nnmigrate.documents.writing import put, write

__all__ = [
    "EVERYTHING",
    "PROGRAMS",
    "SIZE_LIMIT",
    "TRANSPARENT",
    "Discovered",
    "Document",
    "DocumentProblem",
    "Origin",
    "Place",
    "PythonDocument",
    "Sheet",
    "as_written",
    "discover",
    "document_of",
    "is_host",
    "is_notebook",
    "is_text",
    "may_concern_nnsight",
    "mentions_nnsight",
    "put",
    "read",
    "refuse_too_long",
    "write",
]
