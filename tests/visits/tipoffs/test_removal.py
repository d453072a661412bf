"""What a tip-off said goes some days after its outcome, on both databases; that it came, and the log, stay whole."""

from datetime import datetime, timedelta
from pathlib import Path
from uuid import UUID

from sqlalchemy import select

from media.store import LocalStore
from tests.visits.tipoffs.test_verbs import KEY, enter, some_tip
from tests.visits.world import NOW, World
from visits import log, tipoffs, upkeep
from visits.access import audit_trail
from visits.store import Base

TOLD, CAME_OF_IT = "补贴名单没有公示之特征句", "已核实并答复之特征句"
DAYS = 30


def end(world: World, tip_off_id: UUID, at_utc: datetime) -> None:
    with world.store.writing() as uow:
        actor = world.actors["discipline"]
        tipoffs.end_tip_off(uow, actor, tip_off_id, outcome=CAME_OF_IT, destroy_identity=False, at_utc=at_utc)


def run(world: World, days_after: int) -> None:
    rules = upkeep.NightRules(tip_off_days=DAYS)
    upkeep.by_night(world.store, rules, at_utc=NOW + timedelta(days=days_after))


def everything(world: World) -> str:
    with world.store.reading() as uow:
        rows = [row for table in Base.metadata.sorted_tables for row in uow.session.execute(table.select())]
    return "\n".join(v.decode("utf-8", "replace") if isinstance(v, bytes) else str(v) for row in rows for v in row)


def test_the_words_go_by_night_and_the_log_says_so(world: World, tmp_path: Path) -> None:
    actor = world.actors["discipline"]
    with world.store.writing() as uow:
        tipoffs.file_identity_key(uow, actor, KEY.public_jwk, at_utc=NOW)
    old = enter(world, some_tip(text=TOLD))
    end(world, old.id, NOW)
    run(world, DAYS - 1)
    with world.store.writing() as uow:
        assert tipoffs.tip_off(uow, actor, old.id, at_utc=NOW).text == TOLD, "one day too early"
        sealed = tipoffs.sealed_identity(uow, actor, old.id, at_utc=NOW)
    run(world, DAYS)
    run(world, DAYS + 1)
    left = everything(world)
    assert not any(words in left for words in (TOLD, CAME_OF_IT, sealed))
    later = NOW + timedelta(days=DAYS)
    with world.store.writing() as uow:
        seen = tipoffs.tip_off(uow, actor, old.id, at_utc=later)
        assert (seen.text, seen.outcome, seen.has_identity) == ("", "", False)
        assert (seen.removed_utc, seen.removed_after_days, seen.outcome_utc) == (later, DAYS, NOW)
        assert (seen.outside_number, seen.identity_destroyed_utc) == ("信访-7", later)
        [line] = audit_trail(uow, actor, act="tip_off.remove")
        assert (line.account_id, line.detail) == (None, {"days": DAYS})
        index = uow.session.scalars(select(log.LogLeaf.index).where(log.LogLeaf.kind == "tip_off.removal")).one()
        assert upkeep.open_entry(uow, actor, index, at_utc=later).said["tip_off_id"] == str(old.id)
        assert log.recompute_root(uow).root_hex == log.head(uow).root_hex
    assert upkeep.check(world.store, LocalStore(tmp_path)).findings == ()


def test_what_waits_for_its_outcome_and_what_no_rule_speaks_of_stays(world: World) -> None:
    waits, ended = (enter(world, some_tip(text=TOLD, sealed_identity="")) for _ in range(2))
    upkeep.by_night(world.store, upkeep.NightRules(), at_utc=NOW + timedelta(days=9999))
    end(world, ended.id, NOW + timedelta(days=9999))
    run(world, 9999 + DAYS - 1)
    with world.store.reading() as uow:
        left = tipoffs.tip_offs(uow, world.actors["discipline"])
    assert {one.id: one.text for one in left} == {waits.id: TOLD, ended.id: TOLD}
