"""What the offices do over the season: set-up by their workbooks, plans, draws, visits by hand, leave books."""

import secrets
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any

from demo.cast import ADMIN_LOGIN, DemoAccount
from demo.county import County
from demo.desk import Desk
from demo.office_day import boundary_geojson, passphrases_in
from demo.phone import LOCAL
from demo.places import Placed
from demo.season.calendar import DAY, Week
from demo.season.cast import Person
from demo.season.served import SeasonServer
from demo.stage import all_items
from demo.workbooks import LeaveLine, write_accounts, write_leave_book, write_roster, write_sites, write_villages

Json = dict[str, Any]

# Well above what a year brings, so that nobody can count on a village being done with.
MOST_CHECKS = 60
SLOTS = {"dawn": 1, "day": 4, "evening": 3, "night": 1}
LEAD = timedelta(hours=3)


@dataclass(frozen=True)
class Planned:
    """A visit that is to be made: its assignment, its team, and when its slot begins and ends. Where is sealed."""

    assignment_id: str
    team: tuple[str, ...]
    begins: datetime
    ends: datetime
    is_drawn: bool


@dataclass
class SeasonOffice:
    """The offices of one county in the season; ``organization`` gives the second number of each draw."""

    server: SeasonServer
    county: County
    office: str
    organization: str
    passphrases: dict[str, str]
    lines: dict[tuple[int, str], str] = field(default_factory=dict)
    logins: dict[str, str] = field(default_factory=dict)
    untold: list[str] = field(default_factory=list)

    @property
    def files(self) -> Path:
        found = self.server.data_dir / "workbooks"
        found.mkdir(exist_ok=True)
        return found

    @property
    def today(self) -> date:
        return self.server.clock.local().date()

    def desk(self, login: str) -> Desk:
        """Somebody signs in for the morning."""
        return Desk(self.server.base_url, login, self.passphrases[login])

    def take_in_places(self, placed: Mapping[str, Placed]) -> None:
        """Villages, boundary and sites of a county that is new here."""
        villages, areas, sites = (self._file(name) for name in ("villages.xlsx", "county.geojson", "sites.xlsx"))
        write_villages(villages, self.county, placed, self.today)
        write_sites(sites, self.county, placed, self.today, with_quarters=())
        areas.write_text(boundary_geojson(self.county), encoding="utf-8")
        self._import("villages", villages, ADMIN_LOGIN, "--county-name", self.county.name)
        self._import("areas", areas, ADMIN_LOGIN, "--datum", "wgs84")
        self._import("sites", sites, ADMIN_LOGIN)

    def take_in_accounts(self, accounts: Sequence[DemoAccount]) -> None:
        """More accounts; their passphrases come in a file."""
        book, passphrases = self._file("accounts.xlsx"), self._file("passphrases.csv")
        write_accounts(book, self.today, accounts)
        self._import("accounts", book, ADMIN_LOGIN, "--passphrases", str(passphrases))
        self.passphrases |= passphrases_in(passphrases)

    def take_in_roster(self, people: Sequence[Person]) -> None:
        roster = self._file("roster.xlsx")
        write_roster(roster, self.county, [person.posted for person in people], self.today)
        self._import("roster", roster, self.organization)

    def take_in_leave(self, people: Sequence[Person]) -> int:
        """Both books as they stand today; how many lines they have."""
        written = 0
        for book_zh in ("乡镇", "组织部"):
            lines = [
                LeaveLine(p.posted, a.kind_zh, a.left, a.back, a.approved, a.back if a.back < self.today else None)
                for p in people
                for a in p.aways
                if a.book_zh == book_zh and a.approved <= self.today
            ]
            book = self._file(f"leave-{book_zh}-{self.today}.xlsx")
            write_leave_book(book, book_zh, self.county, lines, self.today)
            self._import("leave", book, self.organization)
            written += len(lines)
        return written

    def plan_the_year(self, year: int, quotas: Mapping[str, Mapping[str, int]]) -> None:
        """The plan of a year, with a line for each of these titles and its quotas by town."""
        desk = self.desk(self.office)
        wanted = {"county_code": self.county.code, "year": year, "most_checks_per_village": MOST_CHECKS}
        plan: Json = desk.ask("POST", "/api/v1/plans", 201, json=wanted).json()
        for title, quota in quotas.items():
            line = {
                "kind": "unannounced",
                "title": title,
                "from_date": f"{year}-01-01",
                "to_date": f"{year}-12-31",
                "quotas": dict(quota),
            }
            path, version = f"/api/v1/plans/{plan['id']}/lines", {"If-Match": f'"{plan["version"]}"'}
            plan = desk.ask("POST", path, 201, json=line, headers=version).json()
        self.lines |= {(year, line["title"]): line["id"] for line in plan["lines"]}

    def send_teams(self, week: Week, drawn: Mapping[str, int], by_hand: Sequence[Json]) -> list[Planned]:
        """Tell what last week's draws came from, draw this week's visits under each line, and send some by hand."""
        self.server.clock.move_to(datetime.combine(week.sunday_before, time(9), LOCAL))
        desk, second = self.desk(self.office), self.desk(self.organization)
        self._tell_secrets(desk)
        now = self.server.clock.utc()
        for title, visits in drawn.items():
            if visits:
                self._draw(desk, second, week, title, visits)
        for body in by_hand:
            desk.ask("POST", "/api/v1/assignments", 201, json=body)
        return sorted(self._assigned_at(desk, now), key=lambda planned: (planned.begins, planned.assignment_id))

    def by_hand(self, village_code: str, team: Sequence[str], day: date, title: str) -> Json:
        """An assignment of one village to a team, by day, because somebody wants to know."""
        ids = {login: account_id for account_id, login in self._logins().items()}
        begins = datetime.combine(day, time(8, 30), LOCAL)
        return {
            "village_code": village_code,
            "announced": False,
            "team": [ids[login] for login in team],
            "release_utc": (begins - LEAD).isoformat(),
            "expires_utc": (begins + timedelta(hours=9)).isoformat(),
            "reason": "演示：领导点名",
            "plan_line_id": self.lines[day.year, title],
        }

    def tell_last_secrets(self) -> None:
        """After the last visit: the secrets of the draws that are still to be told."""
        self._tell_secrets(self.desk(self.office))

    def _draw(self, desk: Desk, second: Desk, week: Week, title: str, visits: int) -> None:
        """Commitment, the second party's number, and with it the visits."""
        wanted = {
            "plan_line_id": self.lines[week.days[0].year, title],
            "visits": visits,
            "days": [day.isoformat() for day in week.days],
            "slots": SLOTS,
            "lead_hours": int(LEAD / timedelta(hours=1)),
        }
        draw_id = desk.ask("POST", "/api/v1/draws", 201, json=wanted).json()["id"]
        number = {"nonce": secrets.token_hex(16), "source": "演示：摇号"}
        second.ask("POST", f"/api/v1/draws/{draw_id}/number", 200, json=number)
        self.untold.append(draw_id)

    def _tell_secrets(self, desk: Desk) -> None:
        for draw_id in self.untold:
            desk.ask("POST", f"/api/v1/draws/{draw_id}/reveal", 200, json={})
        self.untold.clear()

    def _assigned_at(self, desk: Desk, at: datetime) -> Iterator[Planned]:
        """What was assigned this morning. The story before the season was assigned later, by the machine's clock."""
        logins = self._logins()
        for one in all_items(desk, "/api/v1/assignments"):
            assigned = datetime.fromisoformat(one["assigned_utc"])
            if assigned < at:
                return
            if assigned > at:
                continue
            yield Planned(
                one["id"],
                tuple(sorted(logins[member["account_id"]] for member in one["team"])),
                datetime.fromisoformat(one["release_utc"]) + LEAD,
                datetime.fromisoformat(one["expires_utc"]),
                bool(one["drawn"]),
            )

    def _logins(self) -> dict[str, str]:
        """The inspectors' logins by account."""
        if not self.logins:
            found = self.desk(self.office).read("/api/v1/accounts", role="inspector")["items"]
            self.logins = {account["id"]: account["login"] for account in found}
        return self.logins

    def _file(self, name: str) -> Path:
        return self.files / f"season-{self.county.code}-{name}"

    def _import(self, what: str, path: Path, as_login: str, *options: str) -> None:
        self.server.shidi("import", what, str(path), "--as", as_login, *options)


def days_of(weeks: Sequence[Week]) -> tuple[date, date]:
    """The first and the last day of the season."""
    return weeks[0].days[0], weeks[-1].days[-1] + DAY
