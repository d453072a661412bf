"""The caps, as pure rules."""

from uuid import UUID

from visits.intake.rules import PHOTOS_PER_PROBLEM, PHOTOS_PER_VISIT, TakenSoFar, refusal

VISIT, PROBLEM = UUID(int=1), UUID(int=2)


def photo(of_record: UUID | None = None) -> dict[str, object]:
    return {"visit_id": VISIT, "kind": "photo", "body": {"of_record": of_record}}


def test_the_caps_are_twelve_and_six() -> None:
    assert (PHOTOS_PER_VISIT, PHOTOS_PER_PROBLEM) == (12, 6)


def test_a_cap_bites_exactly_beyond_its_number() -> None:
    taken = TakenSoFar()
    for _ in range(PHOTOS_PER_PROBLEM):
        assert refusal(photo(PROBLEM), VISIT, taken) == ""
        taken.add(PROBLEM)
    assert refusal(photo(PROBLEM), VISIT, taken) == "photo_cap_problem"
    assert refusal(photo(), VISIT, taken) == ""


def test_other_kinds_know_no_cap() -> None:
    full = TakenSoFar(photos=PHOTOS_PER_VISIT)
    assert refusal({"visit_id": VISIT, "kind": "sighting", "body": {}}, VISIT, full) == ""
