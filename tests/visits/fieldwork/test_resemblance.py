"""Photos that look alike: found once, told in both visits, shown only to those who may see both."""

import hashlib
import random
from datetime import timedelta
from uuid import UUID

import pytest

from media import Fingerprints, SeenPhotos
from tests.visits.world import NOW, XIADANG, Phone, World
from visits import access, fieldwork, places, plans
from visits.access import NewAccount, Role

FAR_VILLAGE = "350981100201"


def prints(seed: int, *, off_bits: int = 0) -> Fingerprints:
    """Fingerprints of an invented picture, with some bits of its PDQ changed; its turned forms are others."""
    chance = random.Random(seed)
    dhash64, pdq256, turned = chance.randbytes(8), chance.randbytes(32), [chance.randbytes(40) for _ in range(7)]
    changed = int.from_bytes(pdq256) ^ ((1 << off_bits) - 1)
    return Fingerprints(dhash64, changed.to_bytes(32), 100, tuple(turned))


def photographed(world: World, seen: SeenPhotos, data: bytes, shows: Fingerprints, phone: Phone | None = None) -> Phone:
    """A visit with one photo that was read, judged with all visits it touches."""
    if phone is None:
        phone, _ = world.open_visit()
        phone.arrive()
    phone.photo(data)
    world.send(phone)
    read(world, seen, phone.visit_id, data, shows)
    world.judge(phone.visit_id)
    return phone


def read(world: World, seen: SeenPhotos, visit_id: UUID, data: bytes, shows: Fingerprints) -> None:
    digest = hashlib.sha256(data).hexdigest()
    with world.store.writing() as uow:
        fieldwork.record_inspection(uow, visit_id, digest, facts={}, at_utc=NOW)
        fieldwork.keep_prints(uow, seen, visit_id, digest, shows, at_utc=NOW)


def alike(world: World, phone: Phone, data: bytes, who: str = "organization") -> list[fieldwork.LookAlike]:
    digest = hashlib.sha256(data).hexdigest()
    with world.store.writing() as uow:
        return fieldwork.look_alikes(uow, world.actors[who], phone.visit_id, digest, at_utc=NOW)


def photo_hints(world: World, phone: Phone) -> set[str]:
    world.judge(phone.visit_id)
    return {code for code in world.hints(phone.visit_id) if code.startswith("photo_")}


@pytest.mark.parametrize(
    ("off_bits", "code"), [(0, "photo_match"), (31, "photo_match"), (90, "photo_look"), (91, None)]
)
def test_a_photo_like_one_of_another_visit_is_told_in_both(world: World, off_bits: int, code: str | None) -> None:
    seen = SeenPhotos()
    one = photographed(world, seen, b"one", prints(1))
    two = photographed(world, seen, b"two", prints(1, off_bits=off_bits))
    expected = {code} if code else set()
    assert (photo_hints(world, one), photo_hints(world, two)) == (expected, expected)


def test_the_pair_is_shown_from_either_side_with_its_distance(world: World) -> None:
    seen = SeenPhotos()
    one = photographed(world, seen, b"one", prints(1))
    two = photographed(world, seen, b"two", prints(1, off_bits=20))
    [pair] = alike(world, two, b"two")
    assert (pair.likeness, pair.turn, pair.dhash_bits, pair.pdq_bits) == ("match", "as_is", 0, 20)
    assert pair.other is not None
    assert (pair.other.visit_id, pair.other.village.code, pair.other.by) == (one.visit_id, XIADANG, "演示first")
    [back] = alike(world, one, b"one")
    assert back.other is not None
    assert back.other.visit_id == two.visit_id


def test_a_mirrored_photo_is_found(world: World) -> None:
    seen = SeenPhotos()
    photographed(world, seen, b"one", prints(1))
    first = prints(1)
    assert first.dhash64 is not None
    assert first.pdq256 is not None
    turned = (first.dhash64 + first.pdq256, *prints(2).turned[1:])
    two = photographed(world, seen, b"two", Fingerprints(prints(2).dhash64, prints(2).pdq256, 100, turned))
    assert [pair.turn for pair in alike(world, two, b"two")] == ["mirrored"]


def test_a_burst_of_one_visit_is_no_re_use(world: World) -> None:
    seen = SeenPhotos()
    one = photographed(world, seen, b"one", prints(1))
    photographed(world, seen, b"two", prints(1), phone=one)
    assert photo_hints(world, one) == set()
    assert alike(world, one, b"two") == []


def test_the_same_file_is_told_once_and_as_such(world: World) -> None:
    seen = SeenPhotos()
    photographed(world, seen, b"one", prints(1))
    two = photographed(world, seen, b"one", prints(1))
    assert photo_hints(world, two) == {"photo_reused"}
    assert [(pair.likeness, pair.pdq_bits) for pair in alike(world, two, b"one")] == [("same", None)]


def test_a_flat_photo_is_like_no_other(world: World) -> None:
    seen = SeenPhotos()
    photographed(world, seen, b"one", Fingerprints(None, None, 3))
    two = photographed(world, seen, b"two", Fingerprints(None, None, 3))
    assert photo_hints(world, two) == set()
    assert len(seen) == 0


def test_after_a_restart_and_from_another_process_nothing_is_missed(world: World) -> None:
    here, there = SeenPhotos(), SeenPhotos()
    photographed(world, here, b"one", prints(1))
    photographed(world, there, b"two", prints(2))
    three = photographed(world, here, b"three", prints(2, off_bits=5))
    four = photographed(world, SeenPhotos(), b"four", prints(1, off_bits=5))
    assert [len(alike(world, phone, data)) for phone, data in ((three, b"three"), (four, b"four"))] == [1, 1]
    with world.store.reading() as uow:
        fieldwork.catch_up(uow, there)
    assert len(there) == 4


def test_reading_a_photo_twice_adds_nothing(world: World) -> None:
    seen = SeenPhotos()
    photographed(world, seen, b"one", prints(1))
    two = photographed(world, seen, b"two", prints(1))
    read(world, seen, two.visit_id, b"two", prints(1))
    assert len(alike(world, two, b"two")) == 1


def test_ten_look_alikes_are_enough_and_the_nearest_are_kept(world: World) -> None:
    seen = SeenPhotos()
    for number in range(12):
        photographed(world, seen, bytes([number]), prints(1, off_bits=30 - number))
    last = photographed(world, seen, b"last", prints(1))
    assert [pair.pdq_bits for pair in alike(world, last, b"last")] == list(range(19, 29))


def test_another_county_is_told_and_not_shown(world: World) -> None:
    far = far_visit(world)
    seen = SeenPhotos()
    photographed(world, seen, b"far", prints(1), phone=far)
    photographed(world, seen, b"both", prints(3), phone=far)
    match = photographed(world, seen, b"match", prints(1, off_bits=9))
    look = photographed(world, seen, b"look", prints(1, off_bits=80))
    same = photographed(world, seen, b"both", prints(3))
    assert photo_hints(world, match) == {"photo_match_elsewhere", "photo_look"}
    assert photo_hints(world, look) == {"photo_look"}
    assert photo_hints(world, same) == {"photo_reused_elsewhere"}
    assert str(far.visit_id) not in repr(world.look(same.visit_id).hints)
    told = {(pair.likeness, pair.other is None) for pair in alike(world, match, b"match")}
    assert told == {("match", True), ("look", False)}
    assert [pair.other for pair in alike(world, same, b"both")] == [None]
    assert [(pair.likeness, pair.other is None) for pair in alike(world, look, b"look")] == [("look", False)]


def test_a_removed_visit_is_forgotten_on_both_sides_and_by_what_is_in_memory(world: World) -> None:
    seen = SeenPhotos()
    one = photographed(world, seen, b"one", prints(1))
    two = photographed(world, seen, b"two", prints(1))
    with world.store.writing() as uow:
        fieldwork.forget_photos(uow, one.visit_id, at_utc=NOW)
    assert alike(world, two, b"two") == []
    three = photographed(world, seen, b"three", prints(1))
    assert [pair.other.visit_id for pair in alike(world, three, b"three") if pair.other] == [two.visit_id]


def test_who_may_not_see_the_other_photo_learns_only_that_it_is_there(world: World) -> None:
    seen = SeenPhotos()
    one, _ = world.open_visit()
    one.arrive()
    met = one.sight(world.postings["演示张一"], "met")
    one.photo(b"one", of_record=met)
    world.send(one)
    read(world, seen, one.visit_id, b"one", prints(1))
    world.judge(one.visit_id)
    two = photographed(world, seen, b"two", prints(1))
    assert [pair.other is None for pair in alike(world, two, b"two", "office")] == [True]
    assert [pair.other is None for pair in alike(world, two, b"two", "organization")] == [False]
    with pytest.raises(fieldwork.NoSuchPhoto):
        alike(world, one, b"one", "office")
    with pytest.raises(fieldwork.NoSuchVisit):
        alike(world, two, b"two", "stranger")


def far_visit(world: World) -> Phone:
    """A visit of the neighbouring county, with its own office and team."""
    early = NOW - timedelta(days=2)
    with world.store.writing() as uow:
        admin = world.actors["admin"]
        for login, role in (("far_office", Role.OFFICE), ("far_second", Role.INSPECTOR)):
            access.create_account(
                uow, admin, NewAccount(login, login, role, "350981"), passphrase="a long passphrase", at_utc=early
            )
        rows = [places.VillageRow(1, FAR_VILLAGE, "远村", "远镇")]
        places.import_villages(uow, admin, rows, county_name="福安市", at_utc=early)
        office = access.actor_named(uow, "far_office")
        team = tuple(access.actor_named(uow, login).account_id for login in ("far_inspector", "far_second"))
        made = plans.assign(
            uow,
            office,
            plans.NewAssignment(FAR_VILLAGE, False, team, NOW - timedelta(hours=1), NOW + timedelta(days=2)),
            at_utc=NOW,
        )
    actor, key = world.phone_actor("far_inspector")
    with world.store.writing() as uow:
        opened = plans.open_assignment(uow, actor, made.id, device_utc=NOW, at_utc=NOW)
    assert opened.package is not None
    phone = Phone(actor, key, opened.package.visit_id, opened.package.nonce)
    phone.arrive()
    return phone
