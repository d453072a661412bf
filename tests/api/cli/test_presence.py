"""``shidi presence --sightings``: the model on a file, without a database, refusing bad rows with their reasons."""

import csv
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from api.cli.main import shidi

HEAD = "posting_id,village_code,visit_id,visited_at,slot,inspector_ids,drawn,required,outcome"
HOURS = {"day": "10:30", "evening": "20:00", "dawn": "07:00"}


def sighting(posting: str, number: int, outcome: str, *, slot: str = "day", village: str = "350924001001") -> str:
    month, team = 1 + number % 5, ("a;b", "c;d")[number % 2]
    at = f"2026-{month:02}-{10 + number:02}T{HOURS[slot]}+08:00"
    return f"{posting},{village},{village}-{number},{at},{slot},{team},random,yes,{outcome}"


def county() -> list[str]:
    return [
        sighting(f"p{person}", n, "not_met" if (person + n) % 8 == 0 else "met", slot=slot, village=f"v{person // 3}")
        for person in range(90)
        for n, slot in enumerate(("day", "evening", "dawn", "day", "evening", "day", "dawn", "evening"))
    ]


class Desk:
    """A folder with the two files, and the command run on them."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.out = folder, folder / "said.csv"

    def run(self, rows: list[str], *leave: str, head: str = HEAD) -> Result:
        sightings, book = self.folder / "sightings.csv", self.folder / "leave.csv"
        sightings.write_text("\n".join([head, *rows]) + "\n", encoding="utf-8")
        book.write_text("\n".join(["posting_id,from,to,kind", *leave]) + "\n", encoding="utf-8")
        asked = ["presence", "--sightings", sightings, "--leave", book, "--standard", "0.5", "--out", self.out]
        return CliRunner().invoke(shidi, [str(a) for a in asked], obj={})

    def said(self) -> dict[str, dict[str, str]]:
        with self.out.open(encoding="utf-8", newline="") as file:
            return {row["posting_id"]: row for row in csv.DictReader(file)}


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


def never_met() -> list[str]:
    return [sighting("x", n, "not_met", slot=("day", "evening", "dawn")[n % 3], village="vx") for n in range(8)]


def test_the_file_is_answered_with_one_row_for_each_posting(desk: Desk) -> None:
    answer = desk.run([*county(), *never_met()])
    assert answer.exit_code == 0, answer.output
    said = desk.said()
    assert len(said) == 91
    assert ",".join(said["x"]) == "posting_id,says,about,visits,found,mean,low80,high80,posterior,reason"
    assert [said["x"][c] for c in ("says", "about", "visits", "found")] == ["refer", "absence", "8", "0"]
    assert 0 < float(said["x"]["low80"]) < float(said["x"]["mean"]) < float(said["x"]["high80"]) < 0.5
    assert "1 refer" in answer.output


def test_leave_takes_the_visits_it_covers_out(desk: Desk) -> None:
    assert desk.run([*county(), *never_met()], "x,2026-01-01,2026-04-30,leave").exit_code == 0
    assert (desk.said()["x"]["says"], desk.said()["x"]["visits"]) == ("insufficient", "1")


def test_a_night_belongs_to_the_last_day_of_a_leave(desk: Desk) -> None:
    night = "x,vx,v1,2026-05-02T01:30+08:00,night,a;b,random,yes,not_met"
    assert desk.run([night], "x,2026-04-30,2026-05-01,leave").exit_code == 0
    assert desk.said()["x"]["visits"] == "0"


def test_every_bad_row_is_told_and_nothing_is_written(desk: Desk) -> None:
    rows = [
        sighting("x", 0, "not_met"),
        sighting("x", 0, "met"),
        sighting("y", 1, "absent"),
        sighting("z", 2, "met").replace("+08:00", ""),
        sighting("x", 3, "met", village="elsewhere"),
        "short,row",
    ]
    answer = desk.run(rows, "x,2026-05-02,2026-05-01,leave", "x,someday,2026-05-01,holiday")
    assert answer.exit_code == 1
    for told in (
        "sightings.csv row 3: posting x stands on visit 350924001001-0 already, in row 2",
        "sightings.csv row 4: outcome 'absent'",
        "sightings.csv row 5: visited_at",
        "sightings.csv row 6: posting x is in village 350924001001",
        "sightings.csv row 7: it has another number of cells",
        "leave.csv row 2: it ends",
        "leave.csv row 3: from 'someday'",
    ):
        assert told in answer.output
    assert not desk.out.exists()


def test_a_missing_column_is_named(desk: Desk) -> None:
    answer = desk.run([], head=HEAD.replace(",outcome", ""))
    assert answer.exit_code == 1
    assert "there is no column outcome" in answer.output


@pytest.mark.parametrize(
    "asked", [["--standard", "0.5"], ["--sightings", "s.csv"], ["--sightings", "s.csv", "--out", "o"]]
)
def test_options_that_do_not_belong_together_are_refused(tmp_path: Path, asked: list[str]) -> None:
    (tmp_path / "s.csv").write_text(HEAD + "\n", encoding="utf-8")
    whole = [str(tmp_path / a) if a == "s.csv" else a for a in asked]
    assert CliRunner().invoke(shidi, ["presence", *whole], obj={}).exit_code == 2


EVIDENCE = f"{HEAD},met_by,villagers_asked,villagers_know,sign"


def test_a_file_may_say_what_the_evidence_is(desk: Desk) -> None:
    def rows(evidence: str) -> list[str]:
        seen = [sighting("x", n, "seen_by_others", slot=("day", "evening")[n % 2], village="vx") for n in range(6)]
        return [f"{row},,,," for row in county()] + [f"{row},{evidence}" for row in seen]

    told = {}
    for evidence in (",,,", ",3,3,", ",,,room_in_use", ",3,0,"):
        assert desk.run(rows(evidence), head=EVIDENCE).exit_code == 0
        told[evidence] = float(desk.said()["x"]["mean"])
    # Nothing said of it is beyond doubt, as in a file without these columns; nobody who knows is no evidence.
    assert told[",,,"] > told[",3,3,"] > told[",,,room_in_use"] > told[",3,0,"]
    assert desk.run([row.removesuffix(",,,,") for row in rows(",,,")]).exit_code == 0
    assert float(desk.said()["x"]["mean"]) == told[",,,"]


def test_evidence_that_cannot_be_is_refused_by_row(desk: Desk) -> None:
    bad = [(",x,1,", "no count"), (",2,3,", "more than were asked"), (",,,photo", "none of"), (",,,landline", "only")]
    rows = [f"{sighting('x', n, 'met')},{evidence}" for n, (evidence, _) in enumerate(bad)]
    answer = desk.run(rows, head=EVIDENCE)
    assert answer.exit_code != 0
    for number, (_, reason) in enumerate(bad, start=2):
        assert any(f"row {number}:" in line and reason in line for line in answer.output.splitlines())
