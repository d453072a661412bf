"""What the software says of the season, read as reviewers and leaders read it, beside the truth it never saw."""

import csv
import hashlib
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime

from demo.desk import Browser, Json
from demo.phone import LOCAL
from demo.season.cast import Person, Truth
from demo.season.field import Made
from demo.server import shidi
from demo.stage import Stage, all_items

SAYS = ("insufficient", "watch", "refer")
# A phone is told of once so many of its arrivals are brought into their villages by another datum.
ENOUGH_ARRIVALS = 20


@dataclass(frozen=True)
class Season:
    """What the run knows of the season that was played."""

    first_day: date
    last_day: date
    people: Mapping[tuple[str, str], Person]
    made: tuple[Made, ...]
    second_codes: frozenset[str]
    misread: frozenset[str]
    covered_before: Mapping[str, int]

    @property
    def mine(self) -> list[Made]:
        """The visits of the first county."""
        return [made for made in self.made if made.village_code not in self.second_codes]


@dataclass(frozen=True)
class Outcome:
    """What came of the season, for whoever looks at it afterwards."""

    said: Counter[tuple[Truth, str]]
    found_phones: frozenset[str]
    covered: int


def tell(run: Stage, season: Season) -> Outcome:
    """Hold what is said against the truth, and print both."""
    story = run.story
    story.step("season: what the software says, against the truth")
    slots = Counter(made.slot for made in season.made)
    story.tell(
        f"{len(season.made)} visits from {season.first_day} to {season.last_day} by "
        f"{len({login for made in season.made for login in made.planned.team})} inspectors: "
        + ", ".join(f"{slots[slot]} {slot}" for slot in ("dawn", "day", "evening", "night"))
        + f"; {sum(made.planned.is_drawn for made in season.made)} drawn, the others sent by hand"
    )
    said = _said_of_people(run, season)
    _desk_of_reviewers(run, season)
    covered = _coverage(run, season)
    _photos(run, season)
    phones = _phones(run, season)
    _rest_days(run, season)
    story.step("season: the second county, and who sees it")
    _two_counties(run, season)
    return Outcome(said, phones, covered)


def _said_of_people(run: Stage, season: Season) -> Counter[tuple[Truth, str]]:
    """The table: truth by what ``shidi presence`` says as of today."""
    story = run.story
    listed = {p["id"]: (p["village_code"], p["name"]) for p in all_items(run.desk("org.a"), "/api/v1/postings")}
    today = datetime.now(LOCAL).date().isoformat()
    lines = shidi(run.data_dir, "presence", "--as-of", today, "--as", "org.a").text.splitlines()
    begins = next(number for number, line in enumerate(lines) if line.startswith("posting_id,"))
    rows = [row for row in csv.DictReader(lines[begins:]) if row["posting_id"] in listed]
    said: Counter[tuple[Truth, str]] = Counter()
    about: Counter[tuple[Truth, str]] = Counter()
    for row in rows:
        person = season.people.get(listed[row["posting_id"]])
        if person is not None:
            said[person.truth, row["says"]] += 1
            if row["says"] == "refer":
                about[person.truth, row["about"]] += 1
    people = sum(said.values())
    story.expect(
        people == sum(code not in season.second_codes for code, _ in season.people), "everybody posted is spoken of"
    )
    story.tell(f"said of {people} people as of {today}, beside how they live, which only this run knows:")
    story.tell(f"  {'':<11}{'people':>8}" + "".join(f"{word:>14}" for word in SAYS))
    for truth in Truth:
        counts = [said[truth, word] for word in SAYS]
        story.tell(f"  {truth:<11}{sum(counts):>8}" + "".join(f"{count:>14}" for count in counts))
    referred = sum(said[truth, "refer"] for truth in Truth)
    for truth in Truth:
        for word, count in sorted((w, n) for (t, w), n in about.items() if t is truth):
            story.tell(f"  referred about {word}: {count} {truth}")
    story.tell(f"wrong referrals (residents): {said[Truth.RESIDENT, 'refer']} of {referred}")
    story.tell("a referral asks a person to look; few visits say “not enough visits” (核查次数不足) and nothing else")
    return said


def _desk_of_reviewers(run: Stage, season: Season) -> None:
    """What the review of the quarter left on the desks: referrals for reviewers, figures without names for leaders."""
    story = run.story
    referrals = run.desk("org.a").read("/api/v1/referrals")["items"]
    truths = Counter(
        season.people[one["posting"]["village_code"], one["posting"]["name"]].truth
        for one in referrals
        if (one["posting"]["village_code"], one["posting"]["name"]) in season.people
    )
    story.expect(truths.total() == len(referrals), "the review refers nobody whom the season did not look for")
    page = Browser(run.server.base_url, "org.a", run.office.passphrases["org.a"]).page("/desk/referrals")
    story.expect(all(one["posting"]["name"] in page for one in referrals), "the desk lists who was referred")
    named = ", ".join(f"{truths[truth]} {truth}" for truth in Truth if truths[truth])
    story.tell(
        f"提请核实, reviewed by the calendar: {len(referrals)} referrals on the desk" + (f" ({named})" if named else "")
    )
    story.tell(f"  {run.server.base_url}/desk/referrals")
    [figures] = run.desk("leader").read("/api/v1/presence-figures")["items"]
    absence = figures["population"]["absence"]
    story.expect(figures["as_of"] >= season.last_day.isoformat(), "leaders see the figures of the season's quarter")
    story.tell(
        f"for leaders, without names, as of {figures['as_of']}: "
        + ("too few people to speak of" if absence is None else _shares(absence))
    )


def _coverage(run: Stage, season: Season) -> int:
    """Coverage counts what was truly unannounced, and neither the escorted visit nor the one the village knew of."""
    story = run.story
    covered = run.desk("leader").read("/api/v1/coverage")["items"]
    counted = {village["village"]["code"]: village["visits"] for village in covered}
    spoiled = [made for made in season.mine if made.plot.is_escorted or made.plot.is_warned]
    expected = Counter(season.covered_before)
    expected.update(made.village_code for made in season.mine if made not in spoiled)
    story.expect(len(spoiled) == 2, "one visit was escorted, and one told of before")
    story.expect(+Counter(counted) == +expected, "coverage counts each truly unannounced visit, and neither of the two")
    total = sum(counted.values())
    visited = sum(bool(visits) for visits in counted.values())
    story.tell(
        f"coverage: {visited} of {len(counted)} villages visited, {total} visits counted; left out: "
        f"{sum(m.plot.is_escorted for m in spoiled)} escorted, {sum(m.plot.is_warned for m in spoiled)} told of before"
    )
    dark = {made.village_code for made in season.mine if made.slot != "day" and made not in spoiled}
    by_night = {v["village"]["code"] for v in covered if set(v["by_slot"]) - {"day"}}
    story.expect(dark <= by_night, "visits at dawn, in the evening and at night are counted as such")
    story.tell(f"never visited at dawn, in the evening or at night: {len(counted) - len(by_night)} villages")
    story.tell(f"the map: {run.server.base_url}/desk/map")
    return visited


def visits_by_village(run: Stage) -> dict[str, int]:
    """The visits that coverage counts so far."""
    covered = run.desk("leader").read("/api/v1/coverage")["items"]
    return {village["village"]["code"]: village["visits"] for village in covered}


def _photos(run: Stage, season: Season) -> None:
    """Cut uploads arrived whole, and the photo that was sent before is found."""
    story, desk = run.story, run.desk("org.a")
    with_photo = [made for made in season.mine if made.photos]
    cut = [made for made in season.made if made.plot.is_cut and made.cuts]
    for made in cut:
        path = f"/api/v1/visits/{made.visit_id}"
        login = "org.a" if made in season.mine else "stranger"
        story.expect(bool(run.desk(login).read(path)["summary"]["complete"]), "a visit whose upload was cut is whole")
        for sha256 in made.photos:
            stored = run.desk(login).ask("GET", f"{path}/photos/{sha256}/original", 200).content
            story.expect(hashlib.sha256(stored).hexdigest() == sha256, "a photo whose upload was cut arrives whole")
    sent = sum(len(made.photos) for made in season.made)
    story.tell(f"{sent} photos; {len(cut)} visits over a line that was cut {sum(m.cuts for m in cut)} times: all whole")
    again = [made for made in with_photo if made.plot.takes_old_photo]
    for made in again:
        codes = _hints(desk.read(f"/api/v1/visits/{made.visit_id}"))
        story.expect("photo_reused" in codes, "the photo that was sent before is found")
        story.tell("the photo that had been sent on an earlier visit: found (photo_reused)")


def _phones(run: Stage, season: Season) -> frozenset[str]:
    """Phones that give GCJ-02 and say WGS 84, found from their own arrivals; and no other phone is blamed."""
    story, desk = run.story, run.desk("org.a")
    trips = Counter(login for made in season.mine for login in made.planned.team)
    last: dict[str, Made] = {login: made for made in season.mine for login in made.planned.team}
    blamed_visits = {
        made.visit_id
        for made in {made.visit_id: made for made in last.values()}.values()
        if "device_other_datum" in _hints(desk.read(f"/api/v1/visits/{made.visit_id}"))
    }
    found = frozenset(login for login in season.misread if login in last and last[login].visit_id in blamed_visits)
    wrong = [m for m in last.values() if m.visit_id in blamed_visits and not season.misread & set(m.planned.team)]
    story.expect(not wrong, "no phone that declares its datum rightly is said to give another")
    for login in sorted(season.misread):
        story.tell(
            f"phone of {login}, which gives GCJ-02 and says WGS 84: "
            + ("found" if login in found else "not found")
            + f", with {trips[login]} visits"
        )
    missed = {login for login in season.misread - found if trips[login] >= ENOUGH_ARRIVALS}
    story.expect(not missed, f"a phone in another datum is found once it made {ENOUGH_ARRIVALS} visits")
    return found


def _rest_days(run: Stage, season: Season) -> None:
    """Who was missed when nobody had to be there is not required there, and so never counted."""
    story, desk = run.story, run.desk("org.a")
    resting = [m for m in season.mine if any(one.was_rest and not one.was_there for one in m.seen)]
    words: Counter[str] = Counter()
    for made in resting[:40]:
        for sighting in desk.read(f"/api/v1/visits/{made.visit_id}")["sightings"]:
            story.expect(not sighting["required"], "nobody is required on a rest day or a night that touches one")
            words[sighting["now"]["outcome"]] += 1
    story.expect("not_met" not in words, "who is not there on a rest day is not missed")
    told = ", ".join(f"{count} {word}" for word, count in sorted(words.items()))
    story.tell(f"{len(resting)} visits on rest days and free nights, not counted: {told or 'nobody was missing'}")


def _two_counties(run: Stage, season: Season) -> None:
    """Each county sees its own visits, and nothing of the other's, not even that they are there."""
    story = run.story
    theirs = [made for made in season.made if made.village_code in season.second_codes]
    for login, own, others in (("org.a", season.mine, theirs), ("stranger", theirs, season.mine)):
        desk = run.desk(login)
        seen = {visit["id"] for visit in all_items(desk, "/api/v1/visits")}
        story.expect({made.visit_id for made in own} <= seen, "a county sees its visits")
        story.expect(not seen & {made.visit_id for made in others}, "and none of another county's")
        for made in _some(others):
            desk.ask("GET", f"/api/v1/visits/{made.visit_id}", 404)
            desk.ask("GET", f"/api/v1/visits/{made.visit_id}/receipt", 404)
    codes = {posting["village_code"][:6] for posting in all_items(run.desk("org.a"), "/api/v1/postings")}
    story.expect(codes == {"350924"}, "the roster of another county is not seen")
    story.tell(
        f"second county: {len(season.second_codes)} villages, {len(theirs)} visits; org.a (350924) and "
        "stranger (350981) see their own county's visits and people; the other's answer 404"
    )
    story.tell(f"shidi check: {' '.join(shidi(run.data_dir, 'check').text.split())[:200]}")


def _some(made: Iterable[Made]) -> list[Made]:
    return list(made)[:5]


def _hints(visit: Json) -> set[str]:
    return {hint["code"] for hint in visit["hints"]}


def _shares(absence: Json) -> str:
    """Absence of a county with its intervals, as leaders are told it."""

    def said(estimate: Json) -> str:
        return f"{estimate['share']:.0%} (95 % interval {estimate['low95']:.0%} to {estimate['high95']:.0%})"

    return f"not there for any reason {said(absence['raw'])}, unexplained {said(absence['unexplained'])}"
