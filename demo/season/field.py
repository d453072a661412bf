"""What the teams of the season do: open, go, meet or miss, photograph a little, close, send."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np

from demo.cutter import Cutter
from demo.errors import DemoError
from demo.field_day import Inspector, exif_at, open_or_fail
from demo.phone import Phone, Photographed
from demo.photos import Picture, picture
from demo.places import Placed
from demo.season.calendar import DAY, is_rest
from demo.season.cast import Person, Truth
from demo.season.office import Planned
from demo.season.served import SeasonServer
from geo import Datum, LonLat

Json = dict[str, Any]

PHOTO_PX = (1008, 756)
CUT_AFTER_BYTES = (40_000, 90_000)
# How often somebody is there when nothing keeps them away: by day, at night, on rest days.
PRESENCE = {
    Truth.RESIDENT: (0.93, 0.92, 0.35),
    Truth.COMMUTER: (0.9, 0.03, 0.06),
    Truth.NAME_ONLY: (0.03, 0.02, 0.01),
}
# A few visits meet a village whose posted people were all called to town.
SHOCK, SHOCKED = 0.04, 0.3
PROBLEMS = (
    (20, "扶贫资金公告公示内容未更新（演示）"),
    (10, "驻村宿舍无取暖设备（演示）"),
    (24, "重复制作展板（演示）"),
    (7, "帮扶措施与贫困户实际需要不符（演示）"),
)


@dataclass(frozen=True)
class Plot:
    """What happens to one visit beside the usual."""

    is_escorted: bool = False
    is_warned: bool = False
    has_photo: bool = False
    is_cut: bool = False
    takes_old_photo: bool = False


@dataclass(frozen=True)
class Seen:
    """One posted person on one visit, as it truly was."""

    key: tuple[str, str]
    slot: str
    was_there: bool
    was_away: bool
    was_rest: bool


@dataclass(frozen=True)
class Made:
    """A visit that was made, and what the run knows of it."""

    visit_id: str
    village_code: str
    planned: Planned
    slot: str
    plot: Plot
    photos: Mapping[str, bytes]
    seen: tuple[Seen, ...]
    cuts: int


@dataclass
class Field:
    """The inspectors with their phones, and the villages as they truly are."""

    server: SeasonServer
    placed: Mapping[str, Placed]
    people: Mapping[tuple[str, str], Person]
    passphrases: Mapping[str, str]
    misread: frozenset[str]
    gcj02: frozenset[str]
    dice: np.random.Generator
    phones: dict[str, Phone] = field(default_factory=dict)
    old_photo: bytes | None = None
    made: list[Made] = field(default_factory=list)

    def go(self, planned: Planned, lasts: timedelta, plot: Plot) -> Made:
        """One visit by two phones, from opening to the last photo."""
        clock, step = self.server.clock, lasts / 12
        clock.move_to(planned.begins)
        first, second = self._set_out(planned)
        phone, code = first.phone, str(first.phone.package["village"]["code"])
        at, slot = self.placed[code].at, _slot(clock.local())
        clock.let_pass(step)
        arrival = phone.record("arrive", {"fix": self._fix(first, at), "no_fix_reason": None})
        seconds = {"arrive_id": arrival.id, "arrive_sha256": arrival.sha256, "fix": self._fix(second, at)}
        second.phone.record("confirm", seconds)
        seen = self._look_for_people(first, second, code, slot, step)
        photos = self._find_problems(first, at, plot)
        clock.let_pass(step)
        closing = {"escorted": plot.is_escorted, "warned_beforehand": plot.is_warned, "note": ""}
        phone.record("close", {"records": len(phone.records()) + 1, **closing})
        second.phone.record("finish", {"records": len(second.phone.records()) + 1})
        clock.let_pass(step)
        cuts = self._send(phone, plot)
        second.phone.sync()
        made = Made(phone.visit_id, code, planned, slot, plot, photos, tuple(seen), cuts)
        self.made.append(made)
        return made

    def _set_out(self, planned: Planned) -> tuple[Inspector, Inspector]:
        """Two of the team open the assignment, each on a phone with an empty outbox."""
        team = []
        for login in planned.team[:2]:
            folder = self._folder(login) / "visits" / planned.assignment_id
            phone = self.phones[login].with_empty_outbox(folder)
            open_or_fail(phone, planned.assignment_id)
            given = Datum.GCJ02 if login in self.misread | self.gcj02 else Datum.WGS84
            declares = Datum.WGS84 if login in self.misread else given
            seed = int(self.dice.integers(1 << 40))
            team.append(Inspector(phone, datum=given, declares=declares, seed=seed))
        return team[0], team[1]

    def hand_out_phones(self, logins: Iterable[str]) -> None:
        """A phone for each inspector, with one key for all visits, signed in while the drawn passphrases are valid."""
        for login in logins:
            phone = Phone(self._folder(login), self.server.base_url, clock=self.server.clock.local, durable=False)
            phone.sign_in(login, self.passphrases[login], label=f"演示手机 {login}")
            self.phones[login] = phone

    def look_for_work(self) -> None:
        """Every phone looks what there is to do, as the phone page does; one that never did would be signed out."""
        for login, phone in self.phones.items():
            answer = phone.get("/api/v1/assignments", params={"limit": "1"})
            if answer.status_code != 200:
                raise DemoError(f"the phone of {login} was answered {answer.status_code} when it looked for work")

    def _folder(self, login: str) -> Path:
        return self.server.data_dir / "phones" / f"season-{login}"

    def _fix(self, inspector: Inspector, at: LonLat) -> Json:
        return inspector.fix(at, accuracy_m=round(float(self.dice.gamma(4.0, 4.0)) + 3.0, 1))

    def _look_for_people(
        self, first: Inspector, second: Inspector, code: str, slot: str, step: timedelta
    ) -> list[Seen]:
        """Everybody the package lists is met, missed or told of, as they live and as chance has it."""
        clock, seen = self.server.clock, []
        day = clock.local().date() - (DAY if clock.local().hour < 6 else timedelta())
        called_away = self.dice.random() < SHOCK
        for posting in first.phone.package["postings"]:
            clock.let_pass(step)
            person = self.people[code, posting["name"]]
            one = self._truly(person, slot, day, called_away=called_away)
            seen.append(one)
            word, know = self._as_seen(person, one)
            both = word == "met" and self.dice.random() < 0.6
            at = self.placed[code].at
            first.saw(posting["name"], word, self._fix(first, at), by_both=both, know=know)
            if both:
                second.saw(posting["name"], word, self._fix(second, at), by_both=True, know=know)
        return seen

    def _truly(self, person: Person, slot: str, day: Any, *, called_away: bool) -> Seen:
        away, rest = person.is_away(day), is_rest(slot, day)
        by_day, by_night, at_rest = PRESENCE[person.truth]
        chance = at_rest if rest else by_day if slot == "day" else by_night
        there = not away and self.dice.random() < chance * (SHOCKED if called_away else 1.0)
        return Seen(person.key, slot, there, away, rest)

    def _as_seen(self, person: Person, one: Seen) -> tuple[str, int]:
        """What the inspectors write, and how many of three villagers know the person."""
        know = {Truth.RESIDENT: 3, Truth.COMMUTER: 2, Truth.NAME_ONLY: 0}[person.truth]
        know = max(0, know - int(self.dice.random() < 0.3))
        chance = self.dice.random()
        if one.was_there:
            return ("met" if chance < 0.92 else "seen_by_others"), max(know, 1)
        if one.was_away and chance < 0.5:
            return "said_on_leave", know
        return ("not_met" if chance < 0.96 else "cannot_tell"), know

    def _find_problems(self, inspector: Inspector, at: LonLat, plot: Plot) -> dict[str, bytes]:
        """Now and then a problem; its photo, where the visit has one, or one that was sent before."""
        if not plot.has_photo and self.dice.random() > 0.1:
            return {}
        item, text = PROBLEMS[int(self.dice.integers(len(PROBLEMS)))]
        problem = inspector.found(item, text, at)
        if not plot.has_photo:
            return {}
        now = self.server.clock.local()
        taken = picture(int(self.dice.integers(1 << 30)), taken_at=now, place=exif_at(at), size_px=PHOTO_PX)
        if plot.takes_old_photo and self.old_photo is not None:
            taken = Picture(self.old_photo, "image/jpeg")
        shot: Photographed = inspector.shoot(taken, at, problem)
        self.old_photo = self.old_photo or taken.data
        return {shot.sha256: taken.data}

    def _send(self, phone: Phone, plot: Plot) -> int:
        """Everything goes out, for a few visits over a line that is cut on the way; how often it was."""
        if not plot.is_cut:
            phone.sync()
            return 0
        with Cutter(self.server.port, cut_after_bytes=CUT_AFTER_BYTES) as cutter:
            phone.base_url = f"http://127.0.0.1:{cutter.port}"
            phone.sync()
            phone.base_url = self.server.base_url
            return cutter.cuts


def _slot(local: datetime) -> str:
    """The word for a time of day, as the offices have it."""
    minutes = local.hour * 60 + local.minute
    if minutes < 360 or minutes >= 1320:
        return "night"
    return "dawn" if minutes < 510 else "day" if minutes < 1050 else "evening"
