"""An account holder is given all that is held about them, and nothing of anybody else."""

import json
from datetime import timedelta

from tests.visits.world import COUNTY, NOW, XIADANG, World
from visits import access, fieldwork, plans
from visits.store import UnitOfWork

HOME = "192.0.2.7"


def held(world: World, uow: UnitOfWork, who: str) -> dict[str, list[dict[str, object]]]:
    return fieldwork.held_about_me(uow, world.actors[who], at_utc=NOW + timedelta(days=1))


def test_it_holds_the_own_acts_and_nothing_of_others(world: World) -> None:
    first, second = world.open_visit()
    first.arrive()
    first.sight(world.postings["演示李二"], "not_met", note="隔壁老王说没见过")
    first.close()
    second.arrive()
    second.finish()
    for phone in (first, second):
        world.send(phone)
    world.judge(first.visit_id)
    actor, admin = world.actors["first"], world.actors["admin"]
    with world.store.writing() as uow:
        access.note_refused(uow, login=actor.login, address=HOME, at_utc=NOW)
        plans.declare_recusal(
            uow, actor, actor.account_id, kind=plans.RecusalKind.KIN, division_code=XIADANG[:9], at_utc=NOW
        )
        access.reset_factors(uow, admin, actor.account_id, at_utc=NOW)
        access.let_try_again(uow, admin, world.actors["second"].account_id, at_utc=NOW)
    with world.store.writing() as uow:
        said = held(world, uow, "first")
        [account] = said["account"]
        assert (account["login"], account["role"], account["division_prefix"]) == (actor.login, "inspector", COUNTY)
        assert {one["label"] for one in said["devices"]}
        assert {"at_utc": NOW.isoformat(), "act": "sign_in", "result": "refused", "address": HOME} in said["sign_ins"]
        assert {"month": "2026-11", "act": "recusal.declare", "times": 1} in said["acts"]
        assert ("account.reset_factors", "admin") in {(one["act"], one["role"]) for one in said["about_you"]}
        assert not {"account.let_try_again", "recusal.declare"} & {one["act"] for one in said["about_you"]}
        assert [one["visit_id"] for one in said["visits"]] == [str(first.visit_id)]
        assert [(one["kind"], one["division_code"]) for one in said["recusals"]] == [("kin", XIADANG[:9])]
        text = json.dumps(said, ensure_ascii=False)
        others = ("演示second", "演示李二", "老王", "lon_deg", "argon2", "sha256", "secret", str(admin.account_id))
        assert not [one for one in others if one in text]
        assert held(world, uow, "third")["visits"] == [], "another team's visit"
        lines = access.audit_trail(uow, world.actors["discipline"], act="account.extract")
        assert {line.login for line in lines} == {actor.login, world.actors["third"].login}


def test_what_is_sealed_stays_sealed(world: World) -> None:
    team = tuple(world.actors[name].account_id for name in ("first", "second"))
    new = plans.NewAssignment(
        village_code=XIADANG,
        announced=False,
        release_utc=NOW + timedelta(days=3),
        expires_utc=NOW + timedelta(days=4),
        team=team,
    )
    with world.store.writing() as uow:
        plans.assign(uow, world.actors["office"], new, at_utc=NOW)
    with world.store.writing() as uow:
        said = held(world, uow, "first")
    assert said["visits"] == []
    assert XIADANG not in json.dumps(said)
