"""The same thing said twenty times in one moment, on both databases: one of it, and the same answer to all."""

import hashlib
import threading
from collections import Counter
from collections.abc import Callable
from typing import TypeVar

from sqlalchemy import func, select

from tests.visits.world import NOW, XIPU, World
from visits import intake, plans
from visits.intake import ReceivedRecord, Upload
from visits.log import head

AT_ONCE = 20
PHOTO = b"the bytes of a photo"
DIGEST = hashlib.sha256(PHOTO).hexdigest()

Said = TypeVar("Said")


def storm(say: Callable[[int], Said]) -> list[Said]:
    """What each of twenty threads was answered that spoke at once; the first error of any comes through."""
    together = threading.Barrier(AT_ONCE)
    answers: list[Said] = []
    errors: list[Exception] = []

    def speak(number: int) -> None:
        together.wait(30)
        try:
            answers.append(say(number))
        except Exception as error:
            errors.append(error)

    threads = [threading.Thread(target=speak, args=(number,)) for number in range(AT_ONCE)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if errors:
        raise errors[0]
    return answers


def test_twenty_equal_deliveries_at_once_are_one_record(world: World) -> None:
    phone = world.open_visit()[0]
    phone.arrive()
    with world.store.reading() as uow:
        before = head(uow).size

    def deliver(_number: int) -> intake.RecordReceipt:
        with world.store.writing() as uow:
            return intake.receive(uow, phone.actor, phone.visit_id, phone.incoming(), at_utc=NOW).receipts[0]

    receipts = storm(deliver)
    assert Counter(receipt.outcome for receipt in receipts) == {"accepted": 1, "same": AT_ONCE - 1}
    assert len({(receipt.log_index, receipt.sha256) for receipt in receipts}) == 1
    with world.store.reading() as uow:
        assert uow.session.scalar(select(func.count()).select_from(ReceivedRecord)) == 1
        assert head(uow).size == before + 1


def test_twenty_equal_uploads_begun_and_ended_at_once_are_one_upload(world: World) -> None:
    phone = world.open_visit()[0]
    phone.photo(PHOTO)
    world.send(phone)
    with world.store.reading() as uow:
        before = head(uow).size

    def begin(_number: int) -> intake.UploadView:
        with world.store.writing() as uow:
            return intake.begin_upload(
                uow, phone.actor, visit_id=phone.visit_id, sha256=DIGEST, size_bytes=len(PHOTO), at_utc=NOW
            )

    (begun,) = set(storm(begin))

    def complete(_number: int) -> intake.UploadView:
        with world.store.writing() as uow:
            return intake.complete_upload(uow, phone.actor, begun.id, at_utc=NOW)

    assert {ended.complete for ended in storm(complete)} == {True}
    with world.store.reading() as uow:
        assert uow.session.scalar(select(func.count()).select_from(Upload)) == 1
        assert head(uow).size == before + 1


def test_assigning_and_opening_at_once_hold_each_other_up_and_no_more(world: World) -> None:
    """Both write to the log and to the audit chain; taken in two orders, their locks would be a deadlock."""
    phone = world.open_visit()[0]
    with world.store.reading() as uow:
        opened = plans.assignments(uow, world.actors["office"], at_utc=NOW)[0]
    new = plans.NewAssignment(XIPU, False, (phone.actor.account_id,), NOW, opened.expires_utc)

    def write(number: int) -> None:
        for _ in range(5):
            with world.store.writing() as uow:
                if number % 2:
                    plans.assign(uow, world.actors["office"], new, at_utc=NOW)
                else:
                    plans.open_assignment(uow, phone.actor, opened.id, device_utc=None, at_utc=NOW)

    assert len(storm(write)) == AT_ONCE
