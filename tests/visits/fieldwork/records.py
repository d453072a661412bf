"""Records as values, for tests of what is worked out from them without a database."""

from typing import Any
from uuid import UUID

from tests.visits.world import NOW
from visits.fieldwork import FieldRecord


def some_record(kind: str, **body: Any) -> FieldRecord:
    """A record of this kind, made and received now by the one phone there is."""
    return FieldRecord(
        id=UUID(int=1),
        kind=kind,
        seq=1,
        previous_sha256=None,
        made_at=NOW,
        at_utc=NOW,
        nonce="n",
        body=body,
        sha256="cd" * 32,
        account_id=UUID(int=2),
        device_id=UUID(int=3),
        signature_state="good",
        received_utc=NOW,
        log_index=0,
    )
