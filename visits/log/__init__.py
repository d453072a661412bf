"""The append-only log: what was committed, in which order, and the proof of it."""

from visits.log.errors import NotInLog
from visits.log.rows import LogLeaf, LogNode
from visits.log.verbs import (
    InclusionProof,
    LogEntry,
    LogHead,
    LogOpening,
    append,
    canonical,
    head,
    opening,
    prove,
    recompute_root,
)

__all__ = [
    "InclusionProof",
    "LogEntry",
    "LogHead",
    "LogLeaf",
    "LogNode",
    "LogOpening",
    "NotInLog",
    "append",
    "canonical",
    "head",
    "opening",
    "prove",
    "recompute_root",
]
