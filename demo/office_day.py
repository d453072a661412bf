"""Step 1 of the story: the installation is set up from the offices' own files, by the command line."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

import shapely
from openpyxl import load_workbook

from demo.cast import ADMIN_LOGIN, posted_people, posted_villages
from demo.county import County
from demo.errors import DemoError
from demo.places import Placed
from demo.server import shidi
from demo.workbooks import (
    write_accounts,
    write_bad_roster,
    write_leave_books,
    write_roster,
    write_sites,
    write_villages,
)

DIVISION = "3509"
_MARK_HEADER = "问题说明（系统）"
_PASSPHRASE = re.compile(r"[a-z2-9]{5}(?:-[a-z2-9]{5}){3}")


@dataclass(frozen=True)
class Refused:
    """What came back of the refused roster: the marked cells, and how many rows have a reason beside them."""

    path: Path
    cells: tuple[str, ...]
    reasons: tuple[str, ...]
    bad_rows: int


class Office:
    """The files of the offices, and the commands that take them in."""

    def __init__(self, data_dir: Path, county: County, placed: Mapping[str, Placed], visit_day: date) -> None:
        self.data_dir = data_dir
        self.files = data_dir / "workbooks"
        self.files.mkdir(parents=True)
        self.county = county
        self.placed = placed
        self.visit_day = visit_day
        self.passphrases: dict[str, str] = {}

    def bootstrap(self) -> None:
        """Make the first admin, whose passphrase is printed once."""
        said = shidi(
            self.data_dir, "bootstrap", "--login", ADMIN_LOGIN, "--name", "演示·管理员", "--division", DIVISION
        )
        found = _PASSPHRASE.search(said.text)
        if found is None:
            raise DemoError(f"the bootstrap command printed no passphrase:\n{said.text}")
        self.passphrases[ADMIN_LOGIN] = found[0]

    def import_places(self) -> None:
        """Villages, the county's boundary, and sites."""
        villages, areas, sites = (self.files / name for name in ("villages.xlsx", "county.geojson", "sites.xlsx"))
        write_villages(villages, self.county, self.placed, self.visit_day)
        write_sites(
            sites,
            self.county,
            self.placed,
            self.visit_day,
            with_quarters={village.code for village in posted_villages(self.county)},
        )
        areas.write_text(boundary_geojson(self.county), encoding="utf-8")
        self._import("villages", villages, ADMIN_LOGIN, "--county-name", self.county.name)
        self._import("areas", areas, ADMIN_LOGIN, "--datum", "wgs84")
        self._import("sites", sites, ADMIN_LOGIN)

    def import_accounts(self) -> None:
        """Everybody who signs in; the passphrases come in a file of their own."""
        accounts, passphrases = self.files / "accounts.xlsx", self.files / "passphrases.csv"
        write_accounts(accounts, self.visit_day)
        self._import("accounts", accounts, ADMIN_LOGIN, "--passphrases", str(passphrases))
        self.passphrases |= passphrases_in(passphrases)

    def import_bad_roster(self) -> Refused:
        """Send a roster that must be refused, and read what is marked in the workbook that comes back."""
        bad, marked = self.files / "roster-bad.xlsx", self.files / "roster-bad-marked.xlsx"
        rows = write_bad_roster(bad, self.county, self.visit_day)
        self._import("roster", bad, "org.a", "--marked", str(marked), expected=1)
        rows_of_cells = list(load_workbook(marked).active.iter_rows())
        beside = next(cell.column for cells in rows_of_cells for cell in cells if cell.value == _MARK_HEADER) - 1
        red = [
            cell.coordinate
            for cells in rows_of_cells
            for cell in cells[:beside]
            if cell.fill.fill_type == "solid" and str(cell.fill.fgColor.rgb).startswith("FFFF")
        ]
        reasons = [
            str(cells[beside].value) for cells in rows_of_cells if cells[beside].value not in (None, _MARK_HEADER)
        ]
        return Refused(marked, tuple(red), tuple(reasons), rows)

    def declare_working_days(self) -> list[date]:
        """Declare the days around the visit as worked (调休): the story is the same on any day then."""
        days = [self.visit_day + timedelta(days=n) for n in range(-2, 3)]
        said = [day.isoformat() for day in days]
        shidi(self.data_dir, "calendar", "declare", *said, "--working", "--reason", "演示：调休上班", "--as", "org.a")
        return days

    def import_roster(self) -> None:
        """The good roster."""
        roster = self.files / "roster.xlsx"
        write_roster(roster, self.county, posted_people(self.county), self.visit_day)
        self._import("roster", roster, "org.a")

    def import_leave_books(self, *, filled_on: date, later: bool) -> None:
        """Both leave books as exported on that day."""
        stem = "later-" if later else ""
        township, department = (self.files / f"{stem}leave-{book}.xlsx" for book in ("township", "department"))
        write_leave_books(township, department, self.county, visit_day=self.visit_day, filled_on=filled_on, later=later)
        self._import("leave", township, "org.a")
        self._import("leave", department, "org.a")

    def before_the_visit(self) -> date:
        """The day on which the first exports of the leave books were made."""
        return self.visit_day - timedelta(days=2)

    def _import(self, what: str, path: Path, as_login: str, *options: str, expected: int = 0) -> None:
        shidi(self.data_dir, "import", what, str(path), "--as", as_login, *options, expected=expected)


def boundary_geojson(county: County) -> str:
    """The county's boundary as the surveyors hand it over."""
    geometry = json.loads(shapely.to_geojson(county.boundary))
    properties = {"code": county.code, "name": county.name}
    feature = {"type": "Feature", "properties": properties, "geometry": geometry}
    return json.dumps({"type": "FeatureCollection", "features": [feature]}, ensure_ascii=False)


def passphrases_in(path: Path) -> dict[str, str]:
    """The passphrases that an import of accounts wrote down, by login."""
    found = {}
    for line in path.read_text(encoding="utf-8-sig").splitlines():
        if (passphrase := _PASSPHRASE.search(line)) is not None:
            found[line.split(",")[0].strip()] = passphrase[0]
    return found
