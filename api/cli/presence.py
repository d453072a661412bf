"""``shidi presence``: what the visits amount to, from the recorded visits or from a file."""

import csv
import sys
from collections.abc import Iterator, Mapping
from datetime import date, datetime, time, timedelta
from pathlib import Path

import click

from api.cli.place import acting, here, now_utc
from visits.access import Actor
from visits.people import PostingView, postings
from visits.presence import PresenceError, Said, Sighting, say
from visits.review import person_page, say_presence
from visits.store import UnitOfWork
from visits.zone import LOCAL_ZONE

PAGE = 200
MOST_COMPLAINTS_SHOWN = 50
SIGHTING_COLUMNS = (
    "posting_id",
    "village_code",
    "visit_id",
    "visited_at",
    "slot",
    "inspector_ids",
    "drawn",
    "required",
    "outcome",
)
LEAVE_COLUMNS = ("posting_id", "from", "to", "kind")
SAID_COLUMNS = (
    "posting_id",
    "says",
    "about",
    "visits",
    "found",
    "mean",
    "low80",
    "high80",
    "posterior",
    "reason",
)
WORDS = {
    "slot": ("dawn", "day", "evening", "night"),
    "drawn": ("random", "directed"),
    "required": ("yes", "no"),
    "outcome": ("met", "seen_by_others", "leave", "leave_pending", "trip", "excused", "not_met", "cannot_tell"),
}
NIGHT_ENDS = time(6)

Span = tuple[datetime, datetime]


@click.command()
@click.option("--as-of", "as_of", type=click.DateTime(["%Y-%m-%d"]), help="The day to say it for; today if not given.")
@click.option(
    "--sightings",
    "sightings_csv",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Work on this CSV of sightings instead of the recorded visits; no database is opened.",
)
@click.option(
    "--leave",
    "leave_csv",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="With --sightings: the CSV of leave and trips.",
)
@click.option("--standard", type=float, help="With --sightings: the presence rate below which it is not good enough.")
@click.option(
    "--out", "out_csv", type=click.Path(dir_okay=False, path_type=Path), help="With --sightings: the CSV to write."
)
@acting
@click.pass_context
def presence(
    context: click.Context,
    as_of: datetime | None,
    sightings_csv: Path | None,
    leave_csv: Path | None,
    standard: float | None,
    out_csv: Path | None,
    data_dir: Path | None,
    login: str | None,
) -> None:
    """Say what visits amount to: the recorded ones, or with --sightings those of a file."""
    if sightings_csv is None:
        if leave_csv is not None or standard is not None or out_csv is not None:
            raise click.UsageError("--leave, --standard and --out go with --sightings")
        _of_recorded_visits(context, as_of, data_dir, login)
        return
    if standard is None or out_csv is None:
        raise click.UsageError("--sightings needs --standard and --out")
    if not 0 < standard < 1:
        raise click.UsageError(f"--standard {standard} is no rate between 0 and 1")
    if as_of is not None:
        raise click.UsageError("--as-of is for the recorded visits; a file says what it holds")
    complaints: list[str] = []
    leave = _leave(leave_csv, complaints) if leave_csv is not None else {}
    sightings = _sightings(sightings_csv, leave, complaints)
    if complaints:
        more = len(complaints) - MOST_COMPLAINTS_SHOWN
        shown = complaints[:MOST_COMPLAINTS_SHOWN] + ([f"and {more} more"] if more > 0 else [])
        raise click.ClickException("nothing was worked out:\n" + "\n".join(shown))
    try:
        said = say(sightings, standard=standard)
    except PresenceError as reason:
        raise click.ClickException(str(reason)) from reason
    with out_csv.open("w", encoding="utf-8", newline="") as file:
        lines = csv.writer(file, lineterminator="\n")
        lines.writerow(SAID_COLUMNS)
        lines.writerows(_line(s) for s in said)
    counted = {word: sum(s.says == word for s in said) for word in ("insufficient", "watch", "refer")}
    click.echo(f"{len(said)} postings: " + ", ".join(f"{n} {word}" for word, n in counted.items()))


def _of_recorded_visits(
    context: click.Context, as_of: datetime | None, data_dir: Path | None, login: str | None
) -> None:
    """One line per posting, by village code."""
    at_utc = now_utc()
    today = at_utc.astimezone(LOCAL_ZONE).date()
    if as_of is not None and as_of.date() != today:
        raise click.ClickException("presence is said as of today; what was said on earlier days is stored with each")
    place = here(context, data_dir, login)
    lines = csv.writer(sys.stdout, lineterminator="\n")
    lines.writerow(["posting_id", "village_code", "visits", "found", "low95", "high95", "enough", "lacking"])
    with place.store() as store:
        with store.reading() as uow:
            known = _all_postings(uow, place.actor(uow))
        for posting in known:
            with store.writing() as uow:
                say_presence(uow, posting.id, at_utc=at_utc)
                said = person_page(uow, place.actor(uow), posting.id, at_utc=at_utc).presence
            if said is not None:
                lacking = "; ".join(f"{what} {has} of {needs}" for what, (has, needs) in said.lacking.items())
                figures = (said.visits, said.found, round(said.low95, 4), round(said.high95, 4))
                lines.writerow([posting.id, posting.village_code, *figures, "yes" if said.enough else "no", lacking])


def _all_postings(uow: UnitOfWork, actor: Actor) -> list[PostingView]:
    found: list[PostingView] = []
    while True:
        last = (found[-1].village_code, found[-1].id) if found else None
        more = postings(uow, actor, after=last, limit=PAGE)
        found += more
        if len(more) < PAGE:
            return found


def _line(said: Said) -> list[str | int]:
    figures = (said.mean, said.low80, said.high80, said.posterior)
    told = ["" if f is None else f"{f:.4f}" for f in figures]
    return [said.posting_id, said.says, said.about, said.visits, said.found, *told, said.reason]


def _sightings(path: Path, leave: Mapping[str, list[Span]], complaints: list[str]) -> list[Sighting]:
    """The rows of the file; what is wrong with a row goes to ``complaints``, all of it in one pass."""
    sightings: list[Sighting] = []
    seen: dict[tuple[str, str], int] = {}
    home: dict[str, str] = {}
    about_visit: dict[str, tuple[str, str]] = {}
    for number, row in _rows(path, SIGHTING_COLUMNS, complaints):
        wrong = [f"{c} is empty" for c in ("posting_id", "village_code", "visit_id", "inspector_ids") if not row[c]]
        wrong += [f"{c} {row[c]!r} is none of {', '.join(w)}" for c, w in WORDS.items() if row[c] not in w]
        visited_at = _instant(row["visited_at"])
        if visited_at is None:
            wrong.append(
                f"visited_at {row['visited_at']!r} is no local time with an offset, like 2026-05-14T19:30+08:00"
            )
        posting_id, visit_id = row["posting_id"], row["visit_id"]
        earlier = seen.setdefault((posting_id, visit_id), number)
        if earlier != number:
            wrong.append(f"posting {posting_id} stands on visit {visit_id} already, in row {earlier}")
        if home.setdefault(posting_id, row["village_code"]) != row["village_code"]:
            wrong.append(f"posting {posting_id} is in village {home[posting_id]} elsewhere; one posting is one village")
        of_visit = (row["village_code"], row["drawn"])
        if about_visit.setdefault(visit_id, of_visit) != of_visit:
            wrong.append(f"visit {visit_id} has another village or draw in an earlier row")
        if wrong or visited_at is None:
            complaints += [f"{path.name} row {number}: {what}" for what in wrong]
            continue
        sightings.append(
            Sighting(
                posting_id=posting_id,
                village_code=row["village_code"],
                visit_id=visit_id,
                local_date=_night_date(visited_at),
                slot=row["slot"],
                inspectors=tuple(dict.fromkeys(i.strip() for i in row["inspector_ids"].split(";") if i.strip())),
                outcome=row["outcome"],
                required=row["required"] == "yes",
                drawn_at_random=row["drawn"] == "random",
                explained=any(begins <= visited_at <= ends for begins, ends in leave.get(posting_id, ())),
            )
        )
    return sightings


def _leave(path: Path, complaints: list[str]) -> dict[str, list[Span]]:
    """The spans away of each posting, whatever their kind; a day without a time is all of it and its night."""
    spans: dict[str, list[Span]] = {}
    for number, row in _rows(path, LEAVE_COLUMNS, complaints):
        begins, ends = _edge(row["from"], last=False), _edge(row["to"], last=True)
        wrong = [f"{c} {row[c]!r} is no day and no time" for c, e in (("from", begins), ("to", ends)) if e is None]
        if not row["posting_id"]:
            wrong.append("posting_id is empty")
        if begins is not None and ends is not None:
            last_begins = _edge(row["to"], last=False)
            if last_begins is not None and last_begins < begins:
                wrong.append(f"it ends ({row['to']}) before it begins ({row['from']})")
            spans.setdefault(row["posting_id"], []).append((begins, ends))
        complaints += [f"{path.name} row {number}: {what}" for what in wrong]
    return spans


def _rows(path: Path, columns: tuple[str, ...], complaints: list[str]) -> Iterator[tuple[int, dict[str, str]]]:
    """Each row with its number as a spreadsheet counts them, cells stripped; other columns are left alone."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.DictReader(file, strict=True)
            missing = [c for c in columns if c not in (reader.fieldnames or ())]
            if missing:
                complaints.append(f"{path.name}: there is no column {', '.join(missing)}")
                return
            for number, row in enumerate(reader, start=2):
                if None in row or None in row.values():
                    complaints.append(f"{path.name} row {number}: it has another number of cells than the first row")
                    continue
                yield number, {c: row[c].strip() for c in columns}
    except (UnicodeDecodeError, csv.Error) as reason:
        complaints.append(f"{path.name}: it is no CSV in UTF-8 ({reason})")


def _instant(text: str) -> datetime | None:
    try:
        instant = datetime.fromisoformat(text)
    except ValueError:
        return None
    return instant if instant.tzinfo is not None else None


def _edge(text: str, *, last: bool) -> datetime | None:
    try:
        day = date.fromisoformat(text)
    except ValueError:
        try:
            at = datetime.fromisoformat(text)
        except ValueError:
            return None
        return at if at.tzinfo is not None else at.replace(tzinfo=LOCAL_ZONE)
    if not last:
        return datetime.combine(day, time(), LOCAL_ZONE)
    return datetime.combine(day + timedelta(days=1), NIGHT_ENDS, LOCAL_ZONE) - timedelta(microseconds=1)


def _night_date(visited_at: datetime) -> date:
    """The date in the file's own offset; a night belongs to the evening it began with."""
    return visited_at.date() - timedelta(days=1) if visited_at.time() < NIGHT_ENDS else visited_at.date()
