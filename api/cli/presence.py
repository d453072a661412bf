"""``shidi presence``: what the visits amount to, from the recorded visits or from a file."""

import csv
import sys
from collections.abc import Iterator, Mapping
from datetime import date, datetime, time, timedelta
from pathlib import Path

import click

from api.cli.place import acting, here, now_utc
from api.presence_runs import make_run
from visits.presence import TRUST_BY_SIGN, PresenceError, Said, Sighting, say, trust
from visits.review import FindingView, runs_asked_for
from visits.zone import LOCAL_ZONE

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
# What makes one "seen by others" worth more than another; a file may do without.
EVIDENCE_COLUMNS = ("met_by", "villagers_asked", "villagers_know", "sign")
LEAVE_COLUMNS = ("posting_id", "from", "to", "kind")
RUN_COLUMNS = (
    "posting_id",
    "village_code",
    "says",
    "about",
    "visits",
    "found",
    "mean",
    "low80",
    "high80",
    "posterior",
    "reason",
    "lacking",
)
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
    """One line per posting, by village code; what is said is stored, and refers nobody."""
    at_utc = now_utc()
    day = as_of.date() if as_of is not None else at_utc.astimezone(LOCAL_ZONE).date()
    if day > at_utc.astimezone(LOCAL_ZONE).date():
        raise click.ClickException(f"{day} has not come yet")
    place = here(context, data_dir, login)
    lines = csv.writer(sys.stdout, lineterminator="\n")
    lines.writerow(RUN_COLUMNS)
    with place.store() as store:
        with store.writing() as uow:
            wanted = runs_asked_for(uow, place.actor(uow), as_of=day, at_utc=at_utc)
        for run in (make_run(store, one, now_utc) for one in wanted):
            for finding in run.findings:
                lines.writerow(_run_line(finding))
            click.echo(
                f"county {run.county_code}, visits to {run.as_of}, known at {run.known_utc.isoformat()}:"
                f" run {run.number}, model {run.model_version}, input {run.input_sha256}",
                err=True,
            )


def _run_line(f: FindingView) -> list[object]:
    figures = (f.mean, f.low80, f.high80, f.posterior)
    told = ["" if x is None else f"{x:.4f}" for x in figures]
    lacking = "; ".join(f"{what} {has} of {needs}" for what, (has, needs) in sorted(f.lacking.items()))
    return [f.posting_id, f.village_code, f.says, f.about, f.visits, f.found, *told, f.reason, lacking]


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
    for number, row in _rows(path, SIGHTING_COLUMNS, complaints, besides=EVIDENCE_COLUMNS):
        wrong = [f"{c} is empty" for c in ("posting_id", "village_code", "visit_id", "inspector_ids") if not row[c]]
        trusted, faults = _trust(row)
        wrong += faults
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
                trust=trusted,
            )
        )
    return sightings


def _trust(row: Mapping[str, str]) -> tuple[float, list[str]]:
    """How far the evidence of a row goes, and what is wrong with it; beyond doubt where the file says nothing of it."""
    given = {c: row[c] for c in EVIDENCE_COLUMNS if row.get(c)}
    if not given:
        return 1.0, []
    sign = given.pop("sign", None)
    wrong = [f"{c} {n!r} is no count" for c, n in given.items() if not (n.isascii() and n.isdigit() and len(n) < 5)]
    if sign is not None and sign not in TRUST_BY_SIGN:
        wrong.append(f"sign {sign!r} is none of {', '.join(TRUST_BY_SIGN)}")
    elif sign is not None and row["outcome"] != "seen_by_others":
        wrong.append("a sign goes with seen_by_others only")
    if wrong:
        return 1.0, wrong
    asked, know = int(given.get("villagers_asked", 0)), int(given.get("villagers_know", 0))
    if know > asked:
        return 1.0, [f"villagers_know {know} is more than were asked"]
    return trust(row["outcome"], met_by=int(given.get("met_by", 1)), asked=asked, know=know, sign=sign), []


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


def _rows(
    path: Path, columns: tuple[str, ...], complaints: list[str], *, besides: tuple[str, ...] = ()
) -> Iterator[tuple[int, dict[str, str]]]:
    """Each row with its number as a spreadsheet counts them, cells stripped: all ``columns``, and those ``besides``
    that are there; other columns are left alone."""
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
                yield number, {c: row[c].strip() for c in (*columns, *(c for c in besides if c in row))}
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
