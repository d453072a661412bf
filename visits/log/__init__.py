"""The append-only log: what was committed, in which order, and the proof of it."""

from visits.log.errors import NoSuchKey, NotInLog
from visits.log.keys import (
    ALGORITHMS,
    PublicKey,
    Purpose,
    Signed,
    current_key,
    key_pair,
    public_keys,
    rotate_key,
    sign,
)
from visits.log.rows import LogLeaf, LogNode, ServerKey
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
    "ALGORITHMS",
    "InclusionProof",
    "LogEntry",
    "LogHead",
    "LogLeaf",
    "LogNode",
    "LogOpening",
    "NoSuchKey",
    "NotInLog",
    "PublicKey",
    "Purpose",
    "ServerKey",
    "Signed",
    "append",
    "canonical",
    "current_key",
    "head",
    "key_pair",
    "opening",
    "prove",
    "public_keys",
    "recompute_root",
    "rotate_key",
    "sign",
]
