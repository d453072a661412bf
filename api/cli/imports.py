"""Imports of the offices' files: all rows of a file or none, and every reason told by row."""

import csv
import hashlib
import os
from collections.abc import Callable, Sequence
from datetime import date, datetime
from pathlib import Path
from typing import Any

import click

from api.cli.place import Place, acting, here, now_utc
from api.cli.rows import (
    CELL_OF,
    account_row,
    household_row,
    leave_row,
    plan_row,
    project_row,
    roster_row,
    site_row,
    village_row,
)
from api.workbooks import BOOKS, Complaint, Row, Sheet, mark, read_sheet
from geo import AreasRefused, Datum, read_areas
from visits.access import AccessError, Actor, Right, create_account, require
from visits.people import Book, import_leave, import_roster
from visits.places import (
    ImportRefused,
    ImportReport,
    Quality,
    RowComplaint,
    import_areas,
    import_households,
    import_projects,
    import_sites,
    import_villages,
)
from visits.plans import import_plan
from visits.store import UnitOfWork

# Takes the rows that could be read into a unit of work, or raises ``ImportRefused``.
Take = Callable[[UnitOfWork, Actor, Sequence[Row]], ImportReport]

_FILE = click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
_MARKED = click.option(
    "--marked",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Where the marked workbook goes when the file is refused; beside the file if not given.",
)
_DATUM = click.Choice([datum.value for datum in Datum])


@click.group("import")
def imports() -> None:
    """Take a file of an office, as a whole or not at all."""


@imports.command("villages")
@_FILE
@_MARKED
@click.option("--county-name", help="The county's name, which the list itself does not hold.")
@acting
@click.pass_context
def villages(
    context: click.Context,
    file: Path,
    marked: Path | None,
    county_name: str | None,
    data_dir: Path | None,
    login: str | None,
) -> None:
    """The list of villages (行政村名单)."""

    def take(uow: UnitOfWork, actor: Actor, rows: Sequence[Row]) -> ImportReport:
        taken = [village_row(row) for row in rows]
        return import_villages(uow, actor, taken, county_name=county_name, at_utc=now_utc())

    _import_book(here(context, data_dir, login), "villages", file, marked, take)


@imports.command("sites")
@_FILE
@_MARKED
@click.option("--datum", type=_DATUM, help="What positions are in where a row does not say.")
@acting
@click.pass_context
def sites(
    context: click.Context,
    file: Path,
    marked: Path | None,
    datum: str | None,
    data_dir: Path | None,
    login: str | None,
) -> None:
    """The list of sites (驻点名单)."""

    def take(uow: UnitOfWork, actor: Actor, rows: Sequence[Row]) -> ImportReport:
        taken = [site_row(row) for row in rows]
        declared = Datum(datum) if datum else None
        return import_sites(uow, actor, taken, datum=declared, source=file.name, at_utc=now_utc())

    _import_book(here(context, data_dir, login), "sites", file, marked, take)


@imports.command("areas")
@_FILE
@click.option("--datum", type=_DATUM, help="What the coordinates are in, where the file does not say; never guessed.")
@click.option("--crs", help="The same as a CRS, such as EPSG:4549.")
@click.option("--layer", help="Which layer of a GeoPackage, where it has several.")
@click.option("--quality", type=click.Choice([q.value for q in Quality]), default="unknown", show_default=True)
@click.option("--boundary-error-m", type=click.FloatRange(min=0), help="How far off the boundaries may be, in metres.")
@click.option("--code-property", default="code", show_default=True, help="The property that holds the division code.")
@click.option("--source", help="Where the boundaries are from; the file's name if not given.")
@click.option("--licence", default="", help="Under which terms they may be used.")
@acting
@click.pass_context
def areas(
    context: click.Context,
    file: Path,
    datum: str | None,
    crs: str | None,
    layer: str | None,
    quality: str,
    boundary_error_m: float | None,
    code_property: str,
    source: str | None,
    licence: str,
    data_dir: Path | None,
    login: str | None,
) -> None:
    """Boundaries of counties, towns or villages: GeoPackage, Shapefile, FlatGeobuf, GeoParquet or GeoJSON."""
    place = here(context, data_dir, login)
    try:
        read = read_areas(file, datum=datum, crs=crs, layer=layer)
        with place.store() as store, store.writing() as uow:
            report = import_areas(
                uow,
                place.actor(uow),
                read,
                code_property=code_property,
                datum=Datum(datum) if datum else Datum.WGS84,
                quality=Quality(quality),
                boundary_error_m=boundary_error_m,
                source=source or file.name,
                licence=licence,
                at_utc=now_utc(),
            )
    except AreasRefused as refused:
        for refusal in refused.refusals:
            click.echo(f"feature {refusal.feature_number} {refusal.name or ''}: {refusal.reason}")
        raise click.ClickException("nothing was imported") from refused
    except ImportRefused as refused:
        _tell_all(refused.complaints, "feature")
        raise click.ClickException("nothing was imported") from refused
    _tell_report(report, "feature")


@imports.command("roster")
@_FILE
@_MARKED
@acting
@click.pass_context
def roster(context: click.Context, file: Path, marked: Path | None, data_dir: Path | None, login: str | None) -> None:
    """The roster of people posted to villages (派驻人员花名册)."""

    def take(uow: UnitOfWork, actor: Actor, rows: Sequence[Row]) -> ImportReport:
        return import_roster(uow, actor, [roster_row(row) for row in rows], at_utc=now_utc())

    _import_book(here(context, data_dir, login), "roster", file, marked, take)


@imports.command("leave")
@_FILE
@_MARKED
@click.option("--book", type=click.Choice([book.value for book in Book]), help="Whose book it is, if it does not say.")
@click.option("--filled-on", type=click.DateTime(["%Y-%m-%d"]), help="The day it was filled in, if it does not say.")
@click.option("--division", help="The division the book covers, if narrower than its rows show.")
@acting
@click.pass_context
def leave(
    context: click.Context,
    file: Path,
    marked: Path | None,
    book: str | None,
    filled_on: datetime | None,
    division: str | None,
    data_dir: Path | None,
    login: str | None,
) -> None:
    """A leave book (请销假登记), the township's or the department's."""
    sheet = read_sheet(file, BOOKS["leave"])
    whose = _whose_book(sheet, book)
    as_of = filled_on.date() if filled_on else sheet.filled_at
    if as_of is None:
        raise click.ClickException("the book does not say when it was filled in (填报时间); give it with --filled-on")
    told_on: date = as_of
    digest = hashlib.sha256(file.read_bytes()).hexdigest()

    def take(uow: UnitOfWork, actor: Actor, rows: Sequence[Row]) -> ImportReport:
        return import_leave(
            uow,
            actor,
            [leave_row(row) for row in rows],
            book=whose,
            as_of=told_on,
            division_code=division,
            file_sha256=digest,
            at_utc=now_utc(),
        )

    _import_book(here(context, data_dir, login), "leave", file, marked, take, sheet=sheet)


@imports.command("households")
@_FILE
@_MARKED
@acting
@click.pass_context
def households(
    context: click.Context, file: Path, marked: Path | None, data_dir: Path | None, login: str | None
) -> None:
    """Lists of households (农户名单), whole for each village named; numbers, hamlets and whom to ask for."""

    def take(uow: UnitOfWork, actor: Actor, rows: Sequence[Row]) -> ImportReport:
        return import_households(uow, actor, [household_row(row) for row in rows], at_utc=now_utc())

    _import_book(here(context, data_dir, login), "households", file, marked, take)


@imports.command("projects")
@_FILE
@_MARKED
@acting
@click.pass_context
def projects(context: click.Context, file: Path, marked: Path | None, data_dir: Path | None, login: str | None) -> None:
    """The county's list of projects (项目库名单): codes, planned places and states, no money."""

    def take(uow: UnitOfWork, actor: Actor, rows: Sequence[Row]) -> ImportReport:
        return import_projects(uow, actor, [project_row(row) for row in rows], at_utc=now_utc())

    _import_book(here(context, data_dir, login), "projects", file, marked, take)


@imports.command("plan")
@_FILE
@_MARKED
@click.option("--year", type=click.IntRange(2000, 2099), required=True, help="The year of the plan.")
@click.option("--county", help="The county's six digits, where the account's division is not one county.")
@click.option("--most", type=click.IntRange(1, 100), help="Begins the plan: the most checks of a village in the year.")
@acting
@click.pass_context
def plan(
    context: click.Context,
    file: Path,
    marked: Path | None,
    year: int,
    county: str | None,
    most: int | None,
    data_dir: Path | None,
    login: str | None,
) -> None:
    """The year's plan of checks (年度检查计划表), with the most checks of each town; what it has already stays."""

    def take(uow: UnitOfWork, actor: Actor, rows: Sequence[Row]) -> ImportReport:
        return import_plan(
            uow,
            actor,
            [plan_row(row) for row in rows],
            county_code=county or actor.division_prefix,
            year=year,
            most_checks_per_village=most,
            at_utc=now_utc(),
        )

    _import_book(here(context, data_dir, login), "plan", file, marked, take)


@imports.command("accounts")
@_FILE
@_MARKED
@click.option(
    "--passphrases",
    type=click.Path(dir_okay=False, path_type=Path),
    required=True,
    help="The new file that gets the passphrases, readable by its owner only.",
)
@acting
@click.pass_context
def accounts(
    context: click.Context,
    file: Path,
    marked: Path | None,
    passphrases: Path,
    data_dir: Path | None,
    login: str | None,
) -> None:
    """The list of accounts (账号名单); their passphrases are written once, for handing over."""

    made: list[tuple[str, str, str]] = []

    def take(uow: UnitOfWork, actor: Actor, rows: Sequence[Row]) -> ImportReport:
        require(actor, Right.MANAGE_ACCOUNTS)
        complaints: list[RowComplaint] = []
        for row in rows:
            new = account_row(row)
            try:
                invited = create_account(uow, actor, new, at_utc=now_utc())
            except AccessError as reason:
                complaints.append(RowComplaint(row.number, "login", f"账号未能建立：{reason}", str(reason)))
            else:
                made.append((new.login, new.name, invited.passphrase))
        if complaints:
            raise ImportRefused(complaints)
        return ImportReport(len(made), 0, 0)

    def write() -> None:
        _write_passphrases(passphrases, made)

    _import_book(here(context, data_dir, login), "accounts", file, marked, take, before_commit=write)


def _import_book(
    place: Place,
    kind: str,
    file: Path,
    marked: Path | None,
    take: Take,
    *,
    sheet: Sheet | None = None,
    before_commit: Callable[[], None] | None = None,
) -> None:
    """Take a workbook whole, or say everything that is wrong with it and give it back marked."""
    sheet = sheet or read_sheet(file, BOOKS[kind])
    for sentence in sheet.report.sentences_zh():
        click.echo(sentence)
    complaints = list(sheet.complaints)
    bad_rows = {complaint.row_number for complaint in complaints}
    readable = [row for row in sheet.rows if row.number not in bad_rows]
    with place.store() as store:
        try:
            with store.writing() as uow:
                report = take(uow, place.actor(uow), readable)
                if complaints:
                    # The other rows were tried too, so that one pass tells everything; now none of them stays.
                    raise ImportRefused(())
                if before_commit is not None:
                    before_commit()
        except ImportRefused as refused:
            complaints += [
                Complaint(c.row_number, CELL_OF.get(c.field, c.field), c.reason_zh, c.reason_en)
                for c in refused.complaints
            ]
            _refuse(file, marked, sheet, sorted(complaints, key=lambda c: c.row_number))
    _tell_report(report, "row")


def _refuse(file: Path, marked: Path | None, sheet: Sheet, complaints: Sequence[Complaint]) -> None:
    _tell_all(complaints, "row")
    out = marked or file.with_name(f"{file.stem}.marked.xlsx")
    first_row = sheet.report.header_rows[0]
    # What is said of the file as a whole has no row; it goes where the office looks first.
    mark(file, out, [_at_least(complaint, first_row) for complaint in complaints], sheet)
    raise click.ClickException(f"nothing was imported; the workbook with every reason marked is {out}")


def _at_least(complaint: Complaint, first_row: int) -> Complaint:
    if complaint.row_number >= first_row:
        return complaint
    return Complaint(first_row, None, complaint.reason_zh, complaint.reason_en)


def _tell_all(complaints: Sequence[Any], what: str) -> None:
    for complaint in complaints:
        where = f"{what} {complaint.row_number}" if complaint.row_number else "file"
        click.echo(f"{where}, {complaint.field or '-'}: {complaint.reason_zh} / {complaint.reason_en}")


def _tell_report(report: ImportReport, what: str) -> None:
    _tell_all(report.remarks, what)
    click.echo(f"imported: {report.created} new, {report.changed} changed, {report.unchanged} as before")


def _whose_book(sheet: Sheet, said: str | None) -> Book:
    """The book the option names, or the one that its rows all name."""
    if said is not None:
        return Book(said)
    named = {row.values.get("book") for row in sheet.rows} - {None}
    if len(named) != 1:
        raise click.ClickException("whose book this is does not follow from its rows; give it with --book")
    return Book(str(named.pop()))


def _write_passphrases(path: Path, made: Sequence[tuple[str, str, str]]) -> None:
    """Write them to a file that was not there before and that only its owner may read."""
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError as reason:
        raise click.ClickException(f"{path} is there already; passphrases go into a new file") from reason
    with os.fdopen(descriptor, "w", encoding="utf-8", newline="") as file:
        lines = csv.writer(file)
        lines.writerow(["login", "name", "passphrase"])
        lines.writerows(made)
