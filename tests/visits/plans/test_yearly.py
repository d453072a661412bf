"""B9-B11: the year's plan, its quotas and caps, who approved what, third parties, and recusals."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from tests.visits.world import COUNTY, NOW, OTHER_XIADANG, PASSPHRASE, XIADANG, XIPU, World
from visits import access, plans
from visits.access import NewAccount, NotAllowed, Role
from visits.places import NoSuchVillage

YEAR = {"from_date": date(2026, 1, 1), "to_date": date(2026, 12, 31)}
SURPRISE = plans.NewLine(plans.CheckKind.UNANNOUNCED, "暗访", **YEAR)


def planned(world: World, *lines: plans.NewLine, most: int = 9) -> plans.PlanView:
    office = world.actors["office"]
    with world.store.writing() as uow:
        made = plans.make_plan(uow, office, county_code=COUNTY, year=2026, most_checks_per_village=most, at_utc=NOW)
        for line in lines:
            made = plans.add_line(uow, office, made.id, line, version=made.version, at_utc=NOW)
    return made


def assigned(world: World, village: str = XIADANG, *who: str, **more: Any) -> plans.AssignmentView:
    team = tuple(world.actors[name].account_id for name in who or ("first", "second"))
    window = {"release_utc": NOW, "expires_utc": NOW + timedelta(hours=8), "announced": False}
    with world.store.writing() as uow:
        new = plans.NewAssignment(village, team=team, **{**window, **more})
        return plans.assign(uow, world.actors["office"], new, at_utc=NOW)


def test_b9_the_three_fixed_checks_need_no_approver_and_a_fourth_kind_does(world: World) -> None:
    fixed = [plans.NewLine(kind, kind.value, **YEAR) for kind in sorted(plans.FIXED)]
    made = planned(world, *fixed)
    assert len(made.lines) == 3
    fourth = plans.NewLine(plans.CheckKind.OTHER, "专项检查", **YEAR)
    with pytest.raises(plans.ApproverMissing), world.store.writing() as uow:
        plans.add_line(uow, world.actors["office"], made.id, fourth, version=made.version, at_utc=NOW)
    with world.store.writing() as uow:
        approved = replace(fourth, approver_name="演示批准人", paper_number="演办〔2026〕1号")
        made = plans.add_line(uow, world.actors["office"], made.id, approved, version=made.version, at_utc=NOW)
    assert made.lines[-1].approver_name == "演示批准人"


def test_b9_a_check_that_no_line_covers_is_refused(world: World) -> None:
    assigned(world)  # no plan yet: a county may begin with visits
    planned(world, replace(SURPRISE, from_date=date(2026, 12, 1)))
    with pytest.raises(plans.NotPlanned):
        assigned(world)
    with pytest.raises(plans.NotPlanned):
        assigned(world, announced=True)


def test_b10_over_quota_is_refused_per_town(world: World) -> None:
    made = planned(world, replace(SURPRISE, quotas={XIADANG[:9]: 1}))
    assert assigned(world).plan_line_id == made.lines[0].id
    with pytest.raises(plans.OverQuota):
        assigned(world, XIPU)  # the same town
    assigned(world, OTHER_XIADANG)  # another town, which has no quota


def test_b10_a_village_is_capped_across_all_lines_and_outside_checks_count(world: World) -> None:
    other = plans.NewLine(plans.CheckKind.OTHER, "专项", approver_name="演示批准人", **YEAR)
    made = planned(world, SURPRISE, other, most=2)
    lines = {line.kind: line.id for line in made.lines}
    with world.store.writing() as uow:
        for _ in range(2):  # registering twice is once
            plans.register_check(
                uow, world.actors["office"], lines["other"], village_code=XIADANG, held_on=date(2026, 3, 3), at_utc=NOW
            )
    assigned(world)
    with pytest.raises(plans.OverCap):
        assigned(world, announced=True, plan_line_id=lines["other"])
    assigned(world, XIPU)


def test_b10_what_expired_unopened_or_was_withdrawn_gives_the_place_back(world: World) -> None:
    planned(world, SURPRISE, most=1)
    first = assigned(world)
    with world.store.writing() as uow:
        plans.withdraw_assignment(uow, world.actors["office"], first.id, reason="人员冲突", at_utc=NOW)
    second = assigned(world)
    with pytest.raises(plans.OverCap):
        assigned(world)
    with world.store.writing() as uow:
        later = NOW + timedelta(days=1)
        new = plans.NewAssignment(
            XIADANG, False, (world.actors["third"].account_id,), later, later + timedelta(hours=1)
        )
        assert plans.assign(uow, world.actors["office"], new, at_utc=later).id != second.id


def test_b9_a_conflict_with_a_fixed_check_is_seen(world: World) -> None:
    annual = plans.NewLine(plans.CheckKind.ANNUAL_APPRAISAL, "年度考核", date(2026, 11, 1), date(2026, 12, 15))
    made = planned(world, annual, SURPRISE, replace(SURPRISE, title="春季暗访", to_date=date(2026, 4, 1)))
    assert {line.title: line.conflicts for line in made.lines} == {
        "年度考核": (),
        "暗访": ("年度考核",),
        "春季暗访": (),
    }


def test_b11_a_third_party_needs_the_provinces_number_and_its_last_day(world: World) -> None:
    made = planned(world)
    third = replace(SURPRISE, third_party="演示评估公司", approval_number="闽演〔2026〕3号")
    for bad in (third, replace(third, approval_number=""), replace(third, approval_ends_on=date(2026, 6, 30))):
        with pytest.raises(plans.ThirdPartyNotApproved), world.store.writing() as uow:
            plans.add_line(uow, world.actors["office"], made.id, bad, version=made.version, at_utc=NOW)


def test_b11_a_third_partys_people_go_under_their_own_line_and_sign_in_until_its_end(world: World) -> None:
    number, last_day = "闽演〔2026〕3号", date(2026, 12, 31)
    made = planned(
        world,
        SURPRISE,
        replace(
            SURPRISE, title="第三方评估", third_party="演示评估公司", approval_number=number, approval_ends_on=last_day
        ),
    )
    with world.store.writing() as uow:
        new = NewAccount("hired", "演示受托", Role.INSPECTOR, COUNTY, None, number, date(2026, 11, 20))
        access.create_account(uow, world.actors["admin"], new, passphrase=PASSPHRASE, at_utc=NOW)
        world.actors["hired"] = access.actor_named(uow, "hired")
    own, theirs = (line.id for line in sorted(made.lines, key=lambda line: line.third_party))
    with pytest.raises(plans.ThirdPartyNotApproved):
        assigned(world, XIADANG, "hired", plan_line_id=own)
    assigned(world, XIADANG, "hired", plan_line_id=theirs)
    with pytest.raises(plans.ThirdPartyNotApproved):  # the assignment would outlast their account
        assigned(world, XIPU, "hired", plan_line_id=theirs, expires_utc=NOW + timedelta(days=5))
    with world.store.reading() as uow:
        access.prove_passphrase(uow, login="hired", passphrase=PASSPHRASE, at_utc=NOW + timedelta(days=2))
        with pytest.raises(access.SignInRefused):
            access.prove_passphrase(uow, login="hired", passphrase=PASSPHRASE, at_utc=NOW + timedelta(days=4))


def test_two_who_edit_one_plan_learn_of_each_other(world: World) -> None:
    made = planned(world, SURPRISE)
    with pytest.raises(plans.PlanStale), world.store.writing() as uow:
        plans.add_line(uow, world.actors["office"], made.id, SURPRISE, version=made.version - 1, at_utc=NOW)
    with pytest.raises(plans.PlanExists):
        planned(world)


def test_a_withdrawn_line_stays_with_its_reason_and_nothing_goes_under_it(world: World) -> None:
    made = planned(world, SURPRISE)
    with world.store.writing() as uow:
        after = plans.withdraw_line(
            uow, world.actors["office"], made.lines[0].id, reason="并入专项", version=made.version, at_utc=NOW
        )
    assert [line.withdrawn_reason for line in after.lines] == ["并入专项"]
    with pytest.raises(plans.NotPlanned):
        assigned(world)


def test_townships_take_no_part(world: World) -> None:
    planned(world, SURPRISE)
    with world.store.writing() as uow:
        new = NewAccount("town_office", "乡镇", Role.OFFICE, XIADANG[:9])
        access.create_account(uow, world.actors["admin"], new, passphrase=PASSPHRASE, at_utc=NOW)
        town = access.actor_named(uow, "town_office")
        for ask in (
            lambda: plans.plans_of(uow, town),
            lambda: plans.assignments(uow, town, at_utc=NOW),
            lambda: plans.burden(uow, town, year=2026, at_utc=NOW),
            lambda: plans.recusals(uow, town),
        ):
            with pytest.raises(NotAllowed):
                ask()


def keep_away(world: World, who: str, division: str, kind: str = "kin") -> UUID:
    with world.store.writing() as uow:
        said = {"kind": plans.RecusalKind(kind), "division_code": division, "at_utc": NOW}
        return plans.declare_recusal(uow, world.actors["office"], world.actors[who].account_id, **said).id


def test_recusal_own_town_and_kin_keep_an_inspector_away_until_the_office_ends_it(world: World) -> None:
    away = keep_away(world, "first", XIADANG[:9], "own_town")
    with pytest.raises(plans.Recused):
        assigned(world, XIPU)
    assigned(world, OTHER_XIADANG)
    with pytest.raises(NotAllowed), world.store.writing() as uow:
        plans.end_recusal(uow, world.actors["first"], away, at_utc=NOW)
    with world.store.writing() as uow:
        plans.end_recusal(uow, world.actors["office"], away, at_utc=NOW)
    assigned(world, XIPU)


def test_recusal_of_the_unit_that_sent_somebody_there(world: World) -> None:
    with world.store.writing() as uow:
        new = NewAccount("colleague", "演示同事", Role.INSPECTOR, COUNTY, "县演示局")
        access.create_account(uow, world.actors["admin"], new, passphrase=PASSPHRASE, at_utc=NOW)
        world.actors["colleague"] = access.actor_named(uow, "colleague")
    with pytest.raises(plans.Recused):
        assigned(world, XIADANG, "colleague", "first")
    assigned(world, XIPU, "colleague", "first")


def test_an_inspector_says_it_of_themself_only_and_of_their_own_county(world: World) -> None:
    with world.store.writing() as uow:
        said = {"kind": plans.RecusalKind.KIN, "at_utc": NOW}
        made = plans.declare_recusal(
            uow, world.actors["first"], world.actors["second"].account_id, division_code=XIPU, **said
        )
        assert made.account_id == world.actors["first"].account_id
        assert [r.division_code for r in plans.recusals(uow, world.actors["first"])] == [XIPU]
        assert plans.recusals(uow, world.actors["second"]) == []
        with pytest.raises(NoSuchVillage):
            plans.declare_recusal(uow, world.actors["first"], made.account_id, division_code="350981100", **said)


def test_burden_counts_what_was_received_and_never_what_is_still_sealed(world: World) -> None:
    planned(world, SURPRISE)
    world.open_visit(village_code=XIPU)
    assigned(world)  # released, and nobody has opened it
    assigned(world, OTHER_XIADANG, release_utc=NOW + timedelta(hours=2))
    with world.store.reading() as uow:
        found = plans.burden(uow, world.actors["leader"], year=2026, at_utc=NOW)
    assert {b.village.code: (b.checks, b.minutes_asked, b.most_allowed) for b in found} == {
        XIADANG: (0, 0, 9),
        OTHER_XIADANG: (0, 0, 9),
        XIPU: (1, 0, 9),
    }
    with world.store.reading() as uow:
        before = plans.burden(uow, world.actors["leader"], year=2025, at_utc=NOW)
    assert sum(b.checks for b in before) == 0


def test_a_withdrawn_assignment_is_neither_opened_nor_shown_a_key(world: World) -> None:
    made = assigned(world)
    office, first = world.actors["office"], world.actors["first"]
    with world.store.writing() as uow:
        plans.withdraw_assignment(uow, office, made.id, reason="重抽", at_utc=NOW)
        assert plans.assignment(uow, first, made.id, at_utc=NOW + timedelta(hours=1)).village is None
    for refused in (
        lambda uow: plans.open_assignment(uow, first, made.id, device_utc=None, at_utc=NOW),
        lambda uow: plans.show_code(uow, office, made.id, at_utc=NOW),
        lambda uow: plans.issue_package(uow, first, made.id, write=lambda p: b"", device_utc=None, at_utc=NOW),
        lambda uow: plans.withdraw_assignment(uow, office, made.id, reason="再撤", at_utc=NOW),
    ):
        with pytest.raises(plans.AssignmentWithdrawn), world.store.writing() as uow:
            refused(uow)


def test_an_opened_assignment_is_not_withdrawn(world: World) -> None:
    made = assigned(world)
    with world.store.writing() as uow:
        plans.open_assignment(uow, world.actors["first"], made.id, device_utc=None, at_utc=NOW)
    with pytest.raises(plans.AssignmentWithdrawn), world.store.writing() as uow:
        plans.withdraw_assignment(uow, world.actors["office"], made.id, reason="太晚", at_utc=NOW)


def test_a_year_ends_at_midnight_in_the_county(world: World) -> None:
    planned(world, SURPRISE)
    new_year = datetime(2026, 12, 31, 16, 0, tzinfo=UTC)  # 1 January 2027, midnight
    assigned(world, release_utc=new_year - timedelta(minutes=1), expires_utc=new_year)
    # 2027 has no plan yet, so nothing is refused for it.
    assert assigned(world, release_utc=new_year, expires_utc=new_year + timedelta(hours=1)).plan_line_id is None
