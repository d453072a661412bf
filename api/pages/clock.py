"""Instants and spans as the desk writes them: local time of the county, in one fixed form."""

from datetime import date, datetime
from zoneinfo import ZoneInfo

from markupsafe import Markup


def local_minute(at_utc: datetime, zone: ZoneInfo) -> str:
    """``2026-07-03 21:14`` in the county's time."""
    return at_utc.astimezone(zone).strftime("%Y-%m-%d %H:%M")


def local_second(at_utc: datetime, zone: ZoneInfo) -> str:
    """``2026-07-03 21:14:09``, where the order of two records matters."""
    return at_utc.astimezone(zone).strftime("%Y-%m-%d %H:%M:%S")


def time_element(at: datetime | date | str | None, zone: ZoneInfo, *, seconds: bool = False) -> Markup:
    """A ``<time>`` element with the instant for machines and the local time for people; a dash when there is none.

    Text is a time as a device wrote it: it is shown as written when it cannot be read.
    """
    if at is None:
        return Markup("—")
    if isinstance(at, str):
        try:
            at = datetime.fromisoformat(at)
        except ValueError:
            return Markup.escape(at)
    if not isinstance(at, datetime):
        return Markup('<time datetime="{0}">{0}</time>').format(at.isoformat())
    if at.tzinfo is None:
        return Markup("<time>{}</time>").format(at.strftime("%Y-%m-%d %H:%M:%S"))
    shown = local_second(at, zone) if seconds else local_minute(at, zone)
    return Markup('<time datetime="{}">{}</time>').format(at.isoformat(), shown)
