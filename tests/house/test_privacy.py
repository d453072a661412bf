"""What is kept has a purpose, and what must never be kept has no place to be kept in."""

import re
from pathlib import Path
from typing import Any

import pytest

from api.app import create_app
from api.settings import read_settings
from visits import access, draws, fieldwork, intake, ledger, log, people, places, plans, review, tipoffs, upkeep
from visits.store import Base

DOC = Path(__file__).parents[2] / "docs" / "privacy.md"
ROOMS = (
    access,
    draws,
    fieldwork,
    intake,
    ledger,
    log,
    people,
    places,
    plans,
    review,
    tipoffs,
    upkeep,
)  # each brings its tables

# Of households and of bodies: no column and no field may be called anything like it.
NEVER = re.compile(
    r"house_?number|household_(name|head|member|phone|no\b)|householder|farmer|resident|villager(_name|_id|s_names)|door|face|voice|audio|video|id_card|"
    r"id_number|identity_number|bank|iban|health|disease|track\b|tracks|heartbeat|score|rank(ing)?\b|poor_?person"
)
# The list that households are drawn from holds whom to ask for, sealed, and nothing else; what a visit keeps of a
# household is its number in the order of chance. ``tests/visits/fieldwork/test_households.py`` holds both to that.
DRAWN_BY_NUMBER = {
    *(f"household.{column.name}" for column in places.Household.__table__.columns),
    *("assignment.household_seed", "AnswerOut.household", "PackageOut.households", "QuestionOut.per_household"),
}
# Where a position may stand in the open: public places only. Everywhere else it is sealed.
OPEN_POSITIONS = {"site", "device_calibration", "project"}
POSITION = re.compile(r"(^|_)(lon|lat|lng|longitude|latitude)(_|$)")
# Who is told positions over the API: the team and those who read its visit; of public sites and of villages anybody.
TOLD_POSITIONS = {
    "FixOut",
    "PackageSiteOut",
    "MapVillagesOut",
    "ProjectOut",
    "FixIn",
    "PointIn",
    "CalibrationIn",
    "CalibrationOut",
}


def _documented() -> dict[str, tuple[str, ...]]:
    rows = re.findall(r"^\| `(\w+)` \|(.*)\|$", DOC.read_text("utf-8"), flags=re.MULTILINE)
    return {name: tuple(cell.strip() for cell in cells.split("|")) for name, cells in rows}


@pytest.fixture(scope="module")
def schemas(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    app = create_app(read_settings({}, data_dir=tmp_path_factory.mktemp("privacy")))
    said: dict[str, Any] = app.test_client().get("/api/v1/openapi.json").get_json()["components"]["schemas"]
    return said


def test_every_table_has_its_purpose_whose_it_is_and_how_long() -> None:
    documented = _documented()
    assert documented.keys() == Base.metadata.tables.keys()
    assert [name for name, cells in documented.items() if len(cells) != 3 or not all(cells)] == []


def test_no_column_could_hold_what_must_never_be_kept() -> None:
    columns = {f"{table.name}.{column.name}" for table in Base.metadata.tables.values() for column in table.columns}
    assert [name for name in sorted(columns - DRAWN_BY_NUMBER) if NEVER.search(name.replace("surface", ""))] == []


def test_positions_stand_in_the_open_for_public_places_only() -> None:
    found = {
        table.name
        for table in Base.metadata.tables.values()
        for column in table.columns
        if POSITION.search(column.name)
    }
    assert found == OPEN_POSITIONS


def test_no_field_of_the_api_could_hold_it_either(schemas: dict[str, Any]) -> None:
    fields = {f"{name}.{field}" for name, schema in schemas.items() for field in schema.get("properties", {})}
    assert fields
    assert [one for one in sorted(fields - DRAWN_BY_NUMBER) if NEVER.search(one.split(".")[1])] == []
    told = {one.split(".")[0] for one in fields if POSITION.search(one.split(".")[1])}
    assert told - TOLD_POSITIONS == set()


def test_the_test_would_see_it() -> None:
    for name in ("household_name", "door_number", "voice_note", "face_box", "id_card_no", "bank_account", "health"):
        assert NEVER.search(name), name
    assert POSITION.search("raw_lon_deg")
