"""Tip-offs are the discipline organ's; of who reported, the records hold what nobody here can open."""

from datetime import date, timedelta

import pytest
from sqlalchemy import text

from media.errors import BadKey
from media.proof import new_device_key, open_identity, seal_identity
from tests.visits.world import COUNTY, NOW, XIADANG, World
from visits import log, tipoffs, upkeep
from visits.access import NotAllowed, audit_trail
from visits.store import Base

KEY = new_device_key()
NAME = "演示举报人甲"


def some_tip(**changes: object) -> tipoffs.NewTipOff:
    said: dict[str, object] = {
        "division_code": XIADANG,
        "channel": "letter",
        "received_on": date(2026, 11, 17),
        "outside_number": "信访-7",
        "text": "补贴名单没有公示",
        "sealed_identity": seal_identity(KEY.public_jwk, {"name": NAME}),
        **changes,
    }
    return tipoffs.NewTipOff(**said)  # type: ignore[arg-type]


def enter(world: World, new: tipoffs.NewTipOff | None = None, who: str = "discipline") -> tipoffs.TipOffView:
    with world.store.writing() as uow:
        return tipoffs.enter_tip_off(uow, world.actors[who], new or some_tip(), at_utc=NOW)


@pytest.fixture
def keyed(world: World) -> World:
    with world.store.writing() as uow:
        tipoffs.file_identity_key(uow, world.actors["discipline"], KEY.public_jwk, at_utc=NOW)
    return world


def test_the_records_hold_nothing_of_the_reporter_that_opens_here(keyed: World) -> None:
    made = enter(keyed)
    with keyed.store.writing() as uow:
        sealed = tipoffs.sealed_identity(uow, keyed.actors["discipline"], made.id, at_utc=NOW)
        rows = [row for table in Base.metadata.sorted_tables for row in uow.session.execute(table.select())]
    values = (value for row in rows for value in row)
    everything = b"\n".join(value if isinstance(value, bytes) else str(value).encode() for value in values)
    assert open_identity(sealed, KEY) == {"name": NAME}
    assert sealed.encode() in everything
    assert "补贴名单没有公示".encode() in everything
    assert NAME.encode() not in everything


def test_only_the_discipline_organ_of_the_place_reads_and_enters(keyed: World) -> None:
    made = enter(keyed)
    for who in ("office", "organization", "first", "leader", "oversight", "admin", "stranger"):
        with keyed.store.writing() as uow:
            actor = keyed.actors[who]
            for ask in (tipoffs.tip_offs, tipoffs.identity_key):
                with pytest.raises(NotAllowed):
                    ask(uow, actor)
            with pytest.raises(NotAllowed):
                tipoffs.tip_off(uow, actor, made.id, at_utc=NOW)
            with pytest.raises(NotAllowed):
                tipoffs.sealed_identity(uow, actor, made.id, at_utc=NOW)
        with pytest.raises(NotAllowed):
            enter(keyed, who=who)
    with pytest.raises(NotAllowed):
        enter(keyed, some_tip(division_code="350981100200"))


@pytest.mark.parametrize(
    "sealed", [NAME, '{"name": "张三"}', seal_identity(new_device_key().public_jwk, {"name": NAME})]
)
def test_what_is_not_sealed_to_the_key_in_use_is_refused_and_not_kept(keyed: World, sealed: str) -> None:
    with pytest.raises(tipoffs.NotSealed) as refused:
        enter(keyed, some_tip(sealed_identity=sealed))
    assert NAME not in str(refused.value)
    with keyed.store.reading() as uow:
        assert tipoffs.tip_offs(uow, keyed.actors["discipline"]) == []


def test_without_a_key_nobody_can_be_sealed_and_a_nameless_report_is_entered(world: World) -> None:
    with pytest.raises(tipoffs.NotSealed):
        enter(world)
    assert not enter(world, some_tip(sealed_identity="")).has_identity


def test_a_key_is_exchanged_in_the_open_and_a_private_one_is_refused(keyed: World) -> None:
    actor, other = keyed.actors["discipline"], new_device_key()
    old = enter(keyed)
    with keyed.store.writing() as uow:
        tipoffs.file_identity_key(uow, actor, other.public_jwk, at_utc=NOW + timedelta(days=1))
        with pytest.raises(BadKey):
            tipoffs.file_identity_key(uow, actor, {**other.public_jwk, "d": "AAAA"}, at_utc=NOW)
    with pytest.raises(tipoffs.NotSealed):
        enter(keyed)
    enter(keyed, some_tip(sealed_identity=seal_identity(other.public_jwk, {"name": NAME})))
    with keyed.store.writing() as uow:
        tipoffs.file_identity_key(uow, actor, KEY.public_jwk, at_utc=NOW + timedelta(days=2))
        assert open_identity(tipoffs.sealed_identity(uow, actor, old.id, at_utc=NOW), KEY)["name"] == NAME
        kinds = uow.session.execute(text("SELECT kind FROM log_leaf ORDER BY 1")).scalars().all()
        assert kinds.count("identity_key.file") == 3
        assert [line.act for line in audit_trail(uow, actor, act="identity_key.file")] == ["identity_key.file"] * 3


def test_an_outcome_is_written_once_and_may_destroy_the_identity(keyed: World) -> None:
    actor, made = keyed.actors["discipline"], enter(keyed)
    waits = enter(keyed, some_tip(outside_number="信访-8"))
    with keyed.store.writing() as uow:
        ended = tipoffs.end_tip_off(uow, actor, made.id, outcome="已核实并答复", destroy_identity=True, at_utc=NOW)
        assert (ended.has_identity, ended.identity_destroyed_utc) == (False, NOW)
        with pytest.raises(tipoffs.NoSuchTipOff):
            tipoffs.sealed_identity(uow, actor, made.id, at_utc=NOW)
        with pytest.raises(tipoffs.TipOffEnded):
            tipoffs.end_tip_off(uow, actor, made.id, outcome="再写一次", destroy_identity=False, at_utc=NOW)
        assert [one.id for one in tipoffs.tip_offs(uow, actor)] == [waits.id, made.id], "what waits stands first"


def test_every_reading_is_a_line_and_the_log_opens_to_the_organ_only(keyed: World) -> None:
    actor, made = keyed.actors["discipline"], enter(keyed)
    with keyed.store.writing() as uow:
        tipoffs.tip_off(uow, actor, made.id, at_utc=NOW)
        tipoffs.sealed_identity(uow, actor, made.id, at_utc=NOW)
        acts = {line.act for line in audit_trail(uow, actor, about=f"tip_off:{made.id}")}
        assert acts == {"tip_off.enter", "tip_off.read", "tip_off.identity"}
        [index] = log.entries_saying(uow, ("tip_off",), "tip_off_id", {str(made.id)})
        assert upkeep.open_entry(uow, actor, index, at_utc=NOW).kind == "tip_off"
        with pytest.raises(log.NotInLog):
            upkeep.open_entry(uow, keyed.actors["organization"], index, at_utc=NOW)
    assert made.division_code.startswith(COUNTY)
