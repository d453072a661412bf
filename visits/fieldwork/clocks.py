"""Hints from the clocks of phones: against the server's, against the time of receipt, and against themselves.

A phone's clock may be set at any time; what only runs, monotonically since the nonce came, cannot. But browsers stop
that one while the phone sleeps, so it may fall behind honestly, and only a clock that went slower than it was set back.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import timedelta

from visits.fieldwork.raised import RaisedHint
from visits.fieldwork.records import CLOCKS_AGREE, FieldRecord
from visits.plans import Issued


def odd_clocks(records: Sequence[FieldRecord], issues: Sequence[Issued]) -> Iterable[RaisedHint]:
    """Clocks that were off when a package was fetched or records were sent, and clocks that were set back."""
    for issue in issues:
        if issue.device_utc is not None and abs(issue.device_utc - issue.issued_utc) > CLOCKS_AGREE:
            seconds = _seconds(issue.device_utc - issue.issued_utc)
            yield RaisedHint(
                "clock_skew", f"phone:{issue.device_id or issue.account_id}", "medium", {"seconds": seconds}
            )
    yield from _on_sending(records, issues)
    yield from _set_back(records)
    for record in records:
        if record.at_utc > record.received_utc + CLOCKS_AGREE:
            seconds = _seconds(record.at_utc - record.received_utc)
            yield RaisedHint("made_after_received", f"record:{record.id}", "medium", {"seconds": seconds})


def _on_sending(records: Sequence[FieldRecord], issues: Sequence[Issued]) -> Iterable[RaisedHint]:
    """The clocks of phones that were never seen opening, by the delivery that took the least time on its way."""
    opened = {str(i.device_id or i.account_id) for i in issues if i.device_utc is not None}
    ahead: dict[str, list[timedelta]] = defaultdict(list)
    for record in records:
        if record.device_utc is not None and record.phone not in opened:
            ahead[record.phone].append(record.device_utc - record.received_utc)
    for phone, skews in sorted(ahead.items()):
        skew = max(skews)
        if abs(skew) > CLOCKS_AGREE:
            yield RaisedHint("clock_on_sending", f"phone:{phone}", "weak", {"seconds": _seconds(skew)})


def _set_back(records: Sequence[FieldRecord]) -> Iterable[RaisedHint]:
    """Phones whose clock went less far between two records than the time that passed for certain; the most is told."""
    for phone in sorted({record.phone for record in records}):
        own = sorted((r for r in records if r.phone == phone and r.since_nonce is not None), key=lambda r: r.seq)
        most = max((_back_since(own[:place], record) for place, record in enumerate(own)), default=timedelta())
        if most > CLOCKS_AGREE:
            yield RaisedHint("clock_set_back", f"phone:{phone}", "medium", {"seconds": _seconds(most)})


def _back_since(earlier: list[FieldRecord], record: FieldRecord) -> timedelta:
    """How far the clock fell behind from any earlier record under the same nonce to this one."""
    began = _nonce_came(record)
    return max((_nonce_came(one) - began for one in earlier if one.nonce == record.nonce), default=timedelta())


def _nonce_came(record: FieldRecord) -> timedelta:
    """When, by this record, its nonce came to the phone, since 1970 on the phone's clock."""
    return timedelta(seconds=record.made_at.timestamp()) - (record.since_nonce or timedelta())


def _seconds(span: timedelta) -> int:
    return round(span.total_seconds())
