"""Records brought by cable or stick: vouched for by the phone's signature alone, with a trail of who brought them."""

from uuid import UUID, uuid4

import pytest

from tests.visits.world import NOW, Phone, World, incoming
from visits import intake
from visits.access import Actor, NotAllowed, audit_trail


def taken(world: World, phone: Phone, importer: str = "office", signer: Actor | None = None) -> list[str]:
    with world.store.writing() as uow:
        receipts = intake.receive_exported(
            uow, world.actors[importer], signer, phone.visit_id, phone.incoming(), at_utc=NOW
        )
    return [f"{receipt.outcome} {receipt.reason}".strip() for receipt in receipts]


def signer(world: World, importer: str, device_id: UUID | None) -> Actor | None:
    with world.store.reading() as uow:
        return intake.signer_in_reach(uow, world.actors[importer], device_id or uuid4())


def test_good_records_are_taken_as_from_the_phone_that_signed_them(world: World) -> None:
    first, _ = world.open_visit()
    first.arrive()
    first.finish()
    assert taken(world, first, signer=first.actor) == ["accepted", "accepted"]
    assert taken(world, first, signer=first.actor) == ["same", "same"]
    with world.store.reading() as uow:
        stored = intake.accepted_records(uow, first.visit_id)
    assert {(r.account_id, r.device_id, r.signature_state) for r in stored} == {
        (first.actor.account_id, first.actor.device_id, "good")
    }


def test_what_no_known_phone_signed_is_kept_outside_of_the_visit(world: World) -> None:
    first, second = world.open_visit()
    first.arrive()
    assert taken(world, first, signer=second.actor) == ["refused not_signed_by_a_known_phone"]
    assert taken(world, first, signer=None) == ["refused not_signed_by_a_known_phone"]
    with world.store.reading() as uow:
        assert intake.accepted_records(uow, first.visit_id) == []
        [kept] = intake.kept_records(uow, first.visit_id)
    assert (kept.text, kept.reason) == (first.texts[0], "not_signed_by_a_known_phone")


def test_a_receipt_for_each_record_in_its_place_though_one_comes_twice(world: World) -> None:
    first, _ = world.open_visit()
    first.arrive()
    first.finish()
    batch = [*first.incoming(), incoming(first.texts[0], first.key), incoming(first.texts[1])]
    with world.store.writing() as uow:
        receipts = intake.receive_exported(uow, world.actors["office"], first.actor, first.visit_id, batch, at_utc=NOW)
    assert [r.sha256 for r in receipts[:3]] == [receipts[0].sha256, receipts[1].sha256, receipts[0].sha256]
    assert {r.outcome for r in receipts} == {"accepted"}


def test_a_phone_is_brought_in_by_its_owner_and_by_its_office(world: World) -> None:
    first, _ = world.open_visit()
    device_id = first.actor.device_id
    assert signer(world, "office", device_id) == signer(world, "first", device_id) == first.actor
    assert signer(world, "second", device_id) is None
    assert signer(world, "far_inspector", device_id) is None
    assert signer(world, "office", None) is None
    with pytest.raises(NotAllowed):
        signer(world, "organization", device_id)


def test_an_import_is_remembered_noted_and_never_changed(world: World) -> None:
    first, _ = world.open_visit()
    office = world.actors["office"]
    with world.store.writing() as uow:
        new = intake.NewExport("a" * 64, 5 * 2**30, first.actor, False, "", {"receipts": "{}"})
        export_id = intake.keep_export(uow, office, new, at_utc=NOW)
        intake.keep_export(uow, office, intake.NewExport("b" * 64, 1, None, True, "cut off"), at_utc=NOW)
    with world.store.reading() as uow:
        found = intake.phone_export(uow, office, export_id)
        assert (found.whose, found.size_bytes, found.receipt) == ("演示first", 5 * 2**30, {"receipts": "{}"})
        assert len(intake.phone_exports(uow, office)) == 2
        assert [one.id for one in intake.phone_exports(uow, first.actor)] == [export_id], "their own phone's"
        with pytest.raises(intake.NoSuchExport):
            intake.phone_export(uow, world.actors["second"], export_id)
        trail = audit_trail(uow, world.actors["discipline"])
    assert [line.result for line in trail if line.act == "phone_export.import"] == ["refused", "done"]
    with pytest.raises(Exception, match="keeps what it holds"), world.store.writing() as uow:
        uow.session.query(intake.PhoneExport).delete()
