"""Sealed packages: carried unread, opened with the code of the slip, each download and each showing remembered."""

import json
from datetime import timedelta
from uuid import UUID

import pytest

from media.proof import open_package, read_code
from tests.visits.plans.test_opening import assign, opening
from tests.visits.world import NOW, World
from visits import access, plans
from visits.access import Actor
from visits.log import head
from visits.log import opening as log_opening
from visits.plans import Package


def written(package: Package) -> bytes:
    return json.dumps({"village": package.village.code, "people": len(package.postings)}).encode()


def fetched(world: World, actor: Actor, made: plans.AssignmentView, hours: float = 0.0) -> plans.IssuedPackage:
    at_utc = NOW + timedelta(hours=hours)
    with world.store.writing() as uow:
        return plans.issue_package(uow, actor, made.id, write=written, device_utc=at_utc, at_utc=at_utc)


def slip(world: World, made: plans.AssignmentView, hours: float, by: str = "office") -> plans.DepartureSlip:
    with world.store.writing() as uow:
        return plans.show_code(uow, world.actors[by], made.id, at_utc=NOW + timedelta(hours=hours))


def trail(world: World, assignment_id: UUID) -> list[tuple[str, str]]:
    with world.store.reading() as uow:
        lines = access.audit_trail(uow, world.actors["discipline"], about=f"assignment:{assignment_id}")
    return [(line.act, line.result) for line in reversed(lines)]


def test_a_package_fetched_before_the_release_opens_with_the_code_of_the_slip(world: World) -> None:
    made = assign(world, "first", "second")
    phone, _ = world.phone_actor("first")
    package = fetched(world, phone, made)
    code = slip(world, made, 2).code
    assert code is not None
    assert json.loads(open_package(read_code(code), package.sealed, str(made.id))) == {
        "village": "350924106208",
        "people": 4,
    }


def test_nothing_around_the_seal_tells_where_it_leads(world: World) -> None:
    made = assign(world, "first", "second")
    package = fetched(world, world.actors["first"], made)
    assert made.village is not None and made.visit_id is not None
    told = str(package)
    assert not any(secret in told for secret in (made.village.code, made.village.name, str(made.visit_id)))


def test_the_same_phone_keeps_its_nonce_and_another_has_its_own(world: World) -> None:
    made = assign(world, "first", "second")
    first, second = (world.phone_actor(name)[0] for name in ("first", "second"))
    once, again = fetched(world, first, made), fetched(world, first, made, 1)
    assert (once.nonce, once.issued_utc) == (again.nonce, again.issued_utc)
    assert fetched(world, second, made).nonce != once.nonce
    opened = opening(world, first, made, 3).package
    assert opened is not None and opened.nonce == once.nonce
    with world.store.reading() as uow:
        issues = plans.issues_of(uow, made.id)
    assert [i.issued_utc for i in issues if i.nonce == once.nonce] == [NOW + timedelta(hours=h) for h in (0, 1, 3)]


def test_every_download_is_noted_and_the_first_enters_the_log(world: World) -> None:
    made = assign(world, "first")
    phone, _ = world.phone_actor("first")
    nonce, again = (fetched(world, phone, made).nonce for _ in range(2))
    assert nonce == again
    assert trail(world, made.id) == [("assignment.make", "done"), *[("assignment.package", "done")] * 2]
    with world.store.reading() as uow:
        entries = [log_opening(uow, index) for index in range(head(uow).size)]
    assert [e.said["nonce"] for e in entries if e and e.kind == "package"] == [nonce]


def test_a_package_expects_the_people_of_the_day_of_the_visit(world: World) -> None:
    """演示钱五's posting ended the day before; had the visit been then, the package would name them."""
    made = assign(world, "first", hours=48)
    package = fetched(world, world.actors["first"], made)
    code = slip(world, made, 49).code
    assert code is not None
    assert json.loads(open_package(read_code(code), package.sealed, str(made.id)))["people"] == 4


@pytest.mark.parametrize("who", ["third", "far_inspector"])
def test_nobody_outside_the_team_gets_a_package(world: World, who: str) -> None:
    made = assign(world, "first", "second")
    with pytest.raises(plans.NoSuchAssignment):
        fetched(world, world.actors[who], made)


def test_the_office_gets_no_package_and_an_inspector_no_code(world: World) -> None:
    made = assign(world, "first")
    with pytest.raises(access.NotAllowed):
        fetched(world, world.actors["office"], made)
    with pytest.raises(access.NotAllowed):
        slip(world, made, 3, by="first")


def test_an_expired_assignment_gives_neither_package_nor_code(world: World) -> None:
    made = assign(world, "first")
    for ask in (lambda: fetched(world, world.actors["first"], made, 40), lambda: slip(world, made, 40)):
        with pytest.raises(plans.AssignmentExpired):
            ask()


def test_the_code_is_shown_from_the_release_on_and_every_request_is_noted(world: World) -> None:
    made = assign(world, "first")
    assert slip(world, made, 1).code is None
    shown = [slip(world, made, hours) for hours in (2, 3)]
    assert shown[0].code == shown[1].code
    assert shown[0].qr == f"shidi:key:{made.id}:{(shown[0].code or '').replace('-', '')}"
    assert trail(world, made.id)[1:] == [("assignment.key", said) for said in ("refused", "done", "done")]


def test_no_code_lies_readable_in_the_records(world: World) -> None:
    made = assign(world, "first")
    code = slip(world, made, 2).code
    with world.store.reading() as uow:
        kept = uow.session.get_one(plans.AssignmentCode, made.id).sealed_code
    assert read_code(code or "") not in kept


def test_what_was_issued_is_never_changed(world: World) -> None:
    made = assign(world, "first")
    fetched(world, world.actors["first"], made)
    with pytest.raises(Exception, match="keeps what it holds"), world.store.writing() as uow:
        uow.session.query(plans.PackageIssue).delete()
