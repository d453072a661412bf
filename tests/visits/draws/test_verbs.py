"""双随机: commitment, second number, sealed assignments, withdrawal with a reason, reveal, and what nobody learns."""

import json
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError

from tests.visits.world import COUNTY, NOW, OTHER_XIADANG, PASSPHRASE, XIADANG, XIPU, Phone, World
from visits import access, draws, ledger, log, plans
from visits.access import NewAccount, NotAllowed, Role
from visits.plans import Assignment, PlanLine

ROOT = Path(__file__).parents[3]
YEAR = {"from_date": date(2026, 1, 1), "to_date": date(2026, 12, 31)}
NUMBER = "3 14 15 92 65 35 89"
DAYS = (date(2026, 11, 20), date(2026, 11, 21))
OVER = datetime.fromisoformat("2026-11-22T08:00:00+08:00")
# Three hours before the first day's slot begins.
RELEASED = datetime.fromisoformat("2026-11-20T05:30:00+08:00")


def with_plan(world: World, *, most: int = 9, **line: Any) -> plans.PlanView:
    office = world.actors["office"]
    with world.store.writing() as uow:
        made = plans.make_plan(uow, office, county_code=COUNTY, year=2026, most_checks_per_village=most, at_utc=NOW)
        new = plans.NewLine(plans.CheckKind.UNANNOUNCED, "暗访", **{**YEAR, **line})
        return plans.add_line(uow, office, made.id, new, version=1, at_utc=NOW)


def committed(world: World, plan: plans.PlanView, **changes: Any) -> draws.DrawView:
    wanted = draws.NewDraw(plan.lines[0].id, 2, DAYS, {"day": 3, "evening": 1})
    with world.store.writing() as uow:
        return draws.commit_draw(uow, world.actors["office"], replace(wanted, **changes), at_utc=NOW)


def mixed(world: World, made: draws.DrawView, *, at_utc: datetime = NOW) -> draws.DrawView:
    with world.store.writing() as uow:
        return draws.mix_draw(
            uow, world.actors["discipline"], made.id, nonce=NUMBER, source="福彩当日号码", at_utc=at_utc
        )


def of_batch(world: World) -> list[Assignment]:
    with world.store.reading() as uow:
        rows = list(uow.session.scalars(select(Assignment).where(Assignment.draw_id.is_not(None))))
        uow.session.expunge_all()
        return rows


def withdrawn(world: World, made: draws.DrawView, reason: str = "日期有误") -> draws.DrawView:
    with world.store.writing() as uow:
        return draws.withdraw_draw(uow, world.actors["office"], made.id, reason=reason, at_utc=NOW)


def revealed(world: World, made: draws.DrawView, who: str = "office", at_utc: datetime = OVER) -> dict[str, Any]:
    with world.store.writing() as uow:
        draws.reveal_draw(uow, world.actors[who], made.id, at_utc=at_utc)
        return draws.published(uow, world.actors["leader"], made.id)


def recompute(file: dict[str, Any], folder: Path) -> subprocess.CompletedProcess[str]:
    """What the stranger's script says of a file, run alone: no site packages, none of our code in reach."""
    path = folder / "draw.json"
    path.write_text(json.dumps(file, ensure_ascii=False), encoding="utf-8")
    command = [sys.executable, "-I", "-S", str(ROOT / "docs" / "recompute_draw.py"), str(path)]
    return subprocess.run(command, capture_output=True, text=True, cwd=folder, check=False)


def test_a_draw_makes_sealed_assignments_that_carry_their_chances(world: World) -> None:
    made = committed(world, with_plan(world))
    assert of_batch(world) == []
    mixed(world, made)
    rows = of_batch(world)
    assert len(rows) == 2
    for row in rows:
        # Three villages of one weight or two, two visits; a quarter of the slots are evenings.
        assert row.inclusion_billionths is not None and 0 < row.inclusion_billionths <= plans.BILLION
        assert row.slot_billionths == {"day": 750_000_000, "evening": 250_000_000}[str(row.drawn_slot)]
        assert str(row.draw_reference).startswith(f"draw:{made.id}#")
        assert row.expires_utc > row.release_utc > NOW and not row.announced
    with world.store.reading() as uow:
        visit = plans.assigned_visit(uow, rows[0].visit_id)
        assert visit is not None and visit.inclusion_billionths == rows[0].inclusion_billionths
        teams = [plans.assignment(uow, world.actors["office"], row.id, at_utc=NOW).team for row in rows]
    assert all(len(team) == 2 for team in teams)


def test_double_random_a_stranger_draws_again_from_the_published_file_alone(world: World, tmp_path: Path) -> None:
    plan = with_plan(world, quotas={XIADANG[:9]: 1})
    with world.store.writing() as uow:
        for name in ("second", "third"):
            plans.declare_recusal(
                uow,
                world.actors["office"],
                world.actors[name].account_id,
                kind=plans.RecusalKind.KIN,
                division_code=XIPU if name == "second" else OTHER_XIADANG,
                at_utc=NOW,
            )
    made = committed(world, plan)
    mixed(world, made)
    file = revealed(world, made)
    said = recompute(file, tmp_path)
    assert (said.returncode, said.stdout) == (0, "the same draw: 2 visits\n"), said.stdout + said.stderr
    drawn = {(one["village_code"], one["slot"]) for one in file["outcome"]}
    assert drawn == {(row.village_code, row.drawn_slot) for row in of_batch(world)}


@pytest.mark.parametrize("world", ["sqlite"], indirect=True)
@pytest.mark.parametrize("forged", ["outcome", "nonce", "secret", "weight", "reason", "chance", "payload"])
def test_a_forged_file_is_seen_through(world: World, tmp_path: Path, forged: str) -> None:
    made = committed(world, with_plan(world))
    mixed(world, made)
    file = revealed(world, made)
    if forged == "outcome":
        file["outcome"][0]["slot"] = "evening" if file["outcome"][0]["slot"] == "day" else "day"
    elif forged == "nonce":
        file["nonce"] += "1"
    elif forged == "secret":
        file["secret_hex"] = "00" * 32
    elif forged == "weight":
        file["frame_text"] = file["frame_text"].replace('"weight":2', '"weight":1', 1)
    elif forged == "reason":
        file["frame_text"] = file["frame_text"].replace('"redraw_reason":""', '"redraw_reason":"x"')
    elif forged == "chance":
        file["inclusion_billionths"][XIADANG] += 1
    else:
        file["log"][0]["payload"] = file["log"][0]["payload"].replace("draw.commit", "draw.commit ")
    assert recompute(file, tmp_path).returncode == 1


def test_the_log_bears_out_the_published_file(world: World) -> None:
    made = committed(world, with_plan(world))
    mixed(world, made)
    file = revealed(world, made)
    assert [json.loads(entry["payload"])["kind"] for entry in file["log"]] == ["draw.commit", "draw.mix", "draw.reveal"]
    with world.store.reading() as uow:
        for entry in file["log"]:
            assert log.prove(uow, entry["index"]).leaf_hash_hex == entry["leaf_hash_hex"]
        assert log.recompute_root(uow) == log.head(uow)


def test_who_commits_does_not_give_the_number_and_the_office_cannot_reach_it(world: World) -> None:
    made = committed(world, with_plan(world))
    for who in ("office", "leader", "first", "admin"):
        with pytest.raises(NotAllowed), world.store.writing() as uow:
            draws.mix_draw(uow, world.actors[who], made.id, nonce=NUMBER, source="自拟", at_utc=NOW)
    with pytest.raises(draws.NoSuchDraw), world.store.writing() as uow:
        draws.mix_draw(uow, world.actors["stranger"], made.id, nonce=NUMBER, source="外县", at_utc=NOW)
    with pytest.raises(draws.BadDraw), world.store.writing() as uow:
        draws.mix_draw(uow, world.actors["discipline"], made.id, nonce="123456", source="太短", at_utc=NOW)
    wanted = draws.NewDraw(made.plan_line_id, 1, DAYS, {"day": 1})
    with pytest.raises(NotAllowed), world.store.writing() as uow:
        draws.commit_draw(uow, world.actors["discipline"], wanted, at_utc=NOW)


def test_a_redraw_names_what_it_takes_the_place_of_and_why(world: World) -> None:
    plan = with_plan(world)
    first = committed(world, plan)
    with pytest.raises(draws.DrawMoved):  # no choosing among several commitments
        committed(world, plan)
    mixed(world, first)
    withdrawn(world, first)
    assert all(row.withdrawn_utc is not None and row.withdrawn_reason == "日期有误" for row in of_batch(world))
    second = committed(world, plan)
    assert (second.redraw_of, second.redraw_reason) == (first.id, "日期有误")
    mixed(world, second)
    file = revealed(world, second)
    assert [(one["state"], one["withdrawn_reason"]) for one in file["draws_of_the_line"]] == [
        ("withdrawn", "日期有误"),
        ("revealed", ""),
    ]
    assert json.loads(file["frame_text"])["redraw_reason"] == "日期有误"


def test_a_draw_is_not_withdrawn_without_a_reason(world: World) -> None:
    made = committed(world, with_plan(world))
    with pytest.raises(draws.BadDraw):
        withdrawn(world, made, "  ")


def test_the_seed_is_told_after_the_last_visit_by_either_party(world: World) -> None:
    made = committed(world, with_plan(world))
    mixed(world, made)
    last = max(row.expires_utc for row in of_batch(world))
    for who in ("office", "discipline"):
        with pytest.raises(draws.NotYetRevealed), world.store.writing() as uow:
            draws.reveal_draw(uow, world.actors[who], made.id, at_utc=last - timedelta(minutes=1))
    with pytest.raises(draws.NotYetRevealed), world.store.reading() as uow:
        draws.published(uow, world.actors["office"], made.id)
    assert revealed(world, made, "discipline", last)["nonce"] == NUMBER


def test_a_visit_that_goes_on_keeps_the_seed_back_for_three_days_at_most(world: World) -> None:
    made = committed(world, with_plan(world))
    mixed(world, made)
    row = of_batch(world)[0]
    with world.store.reading() as uow:
        member = plans.assignment(uow, world.actors["office"], row.id, at_utc=NOW).team[0]
    who = next(name for name, actor in world.actors.items() if actor.account_id == member.account_id)
    actor, key = world.phone_actor(who)
    with world.store.writing() as uow:
        opened = plans.open_assignment(uow, actor, row.id, device_utc=None, at_utc=row.release_utc)
    assert opened.package is not None
    phone = Phone(actor, key, opened.package.visit_id, opened.package.nonce)
    phone.arrive(at=row.release_utc)
    world.send(phone, at_utc=row.release_utc)
    world.judge(phone.visit_id, at_utc=row.release_utc)
    with pytest.raises(draws.NotYetRevealed), world.store.writing() as uow:
        draws.reveal_draw(uow, world.actors["office"], made.id, at_utc=OVER)
    assert revealed(world, made, at_utc=OVER + timedelta(days=3))["seed_hex"]


def test_the_number_must_come_before_the_first_release(world: World) -> None:
    made = committed(world, with_plan(world))
    with pytest.raises(draws.DrawMoved):
        mixed(world, made, at_utc=made.number_until_utc)
    with pytest.raises(draws.BadDraw):
        withdrawn(world, made)
        committed(world, with_line(world, made), days=(NOW.date(),), slots={"dawn": 1})


def with_line(world: World, made: draws.DrawView) -> plans.PlanView:
    with world.store.reading() as uow:
        return next(
            p
            for p in plans.plans_of(uow, world.actors["office"])
            if any(line.id == made.plan_line_id for line in p.lines)
        )


def test_leak_b2_nothing_before_the_release_tells_a_village_to_anybody_but_the_office(world: World) -> None:
    """The team's list, the second party's view, the log's openings, the burden: none of them names a drawn village."""
    made = committed(world, with_plan(world), days=(DAYS[0],))
    with world.store.reading() as uow:
        frame_of_second_party = draws.draw_of(uow, world.actors["discipline"], made.id).frame
    assert frame_of_second_party is None
    done = mixed(world, made)
    drawn = {row.village_code for row in of_batch(world)}
    with world.store.reading() as uow:
        for name in ("first", "second", "third"):
            for one in plans.assignments(uow, world.actors[name], at_utc=NOW):
                assert one.village is None and one.visit_id is None
        # The office could not have chosen them, and need not know them either.
        assert {one.village for one in plans.assignments(uow, world.actors["office"], at_utc=NOW)} == {None}
        released = max(row.release_utc for row in of_batch(world))
        told = plans.assignments(uow, world.actors["office"], at_utc=released)
        assert {one.village.code for one in told if one.village} == drawn
        seen = draws.draw_of(uow, world.actors["discipline"], made.id)
        assert not any(code in str(seen) for code in drawn)
        assert all(b.checks == 0 for b in plans.burden(uow, world.actors["leader"], year=2026, at_utc=NOW))
        for index in (done.commit_log_index, done.mix_log_index):
            said = log.opening(uow, index or 0)
            assert said is not None and not any(code in said.payload for code in drawn)
            assert b"village" not in json.dumps(vars(log.prove(uow, index or 0))).encode()


def test_leak_next_due_a_draw_remembers_no_earlier_one(world: World) -> None:
    """Whatever was drawn before, each village keeps its chance: the next draw's frame is the same, word for word."""
    plan = with_plan(world)
    first = committed(world, plan)
    mixed(world, first)
    second = committed(world, plan)
    assert first.frame is not None and second.frame is not None
    assert second.frame.villages == first.frame.villages
    assert second.frame.left_out == first.frame.left_out == ()


def test_the_cap_leaves_a_village_out_and_says_so(world: World) -> None:
    plan = with_plan(world, most=1)
    office = world.actors["office"]
    with world.store.writing() as uow:
        plans.register_check(uow, office, plan.lines[0].id, village_code=XIPU, held_on=date(2026, 5, 5), at_utc=NOW)
    made = committed(world, plan)
    assert made.frame is not None and made.frame.left_out == ((XIPU, "cap"),)


def test_an_inspector_is_recused_where_they_found_something_lately(world: World) -> None:
    phones = world.open_visit("first", "second")
    for phone in phones:
        phone.arrive()
    phones[0].problem()
    phones[1].finish()
    phones[0].close()
    for phone in phones:
        world.send(phone)
    world.judge(phones[0].visit_id)
    with world.store.writing() as uow:
        ledger.enter_problems(uow, phones[0].visit_id, at_utc=NOW)
    made = committed(world, with_plan(world))
    assert made.frame is not None
    # Only the third inspector may go there now, and nobody goes alone.
    assert made.frame.left_out == ((XIADANG, "recusals"),)
    weights = {v.code: v.weight for v in made.frame.villages}
    assert weights == {OTHER_XIADANG: 2, XIPU: 2}  # never visited


def test_third_partys_inspectors_are_drawn_under_their_line_only(world: World) -> None:
    with world.store.writing() as uow:
        for login in ("hired_a", "hired_b"):
            new = NewAccount(login, "演示受托", Role.INSPECTOR, COUNTY, None, "闽演〔2026〕3号", date(2026, 12, 31))
            access.create_account(uow, world.actors["admin"], new, passphrase=PASSPHRASE, at_utc=NOW)
        hired = {access.actor_named(uow, login).account_id for login in ("hired_a", "hired_b")}
    own = committed(world, with_plan(world))
    mixed(world, own)
    with world.store.reading() as uow:
        for row in of_batch(world):
            team = {m.account_id for m in plans.assignment(uow, world.actors["office"], row.id, at_utc=NOW).team}
            assert not team & hired
    assert own.frame is not None and len(own.frame.inspectors) == 3


@pytest.mark.parametrize(
    "bad",
    [
        {"visits": 9},
        {"days": ()},
        {"days": (date(2027, 1, 5),)},
        {"slots": {"noon": 1}},
        {"slots": {}},
        {"lead_hours": 0},
        {"team_size": 4},
    ],
)
def test_a_draw_that_could_fail_is_refused_before_anything_is_committed(world: World, bad: dict[str, Any]) -> None:
    plan = with_plan(world)
    with pytest.raises(draws.BadDraw):
        committed(world, plan, **bad)
    with world.store.reading() as uow:
        assert draws.draws(uow, world.actors["office"]) == []


def test_a_risk_weight_tells_no_clue_apart(world: World) -> None:
    def weight(visits: int | None, problems: int, clues: int) -> int:
        return draws.weight_of(draws.Risk(visits, problems, clues))

    assert (weight(10, 0, 0), weight(200, 0, 0), weight(None, 0, 0)) == (1, 2, 2)
    assert weight(10, 3, 0) == weight(10, 0, 1) == weight(10, 0, 5) == 3
    assert weight(None, 9, 9) == 4


# ---- No illegal path, nothing lost ----


class OneDraw(RuleBasedStateMachine):
    """Whatever is tried in whatever order, a draw goes its one way, and what was once said stays said."""

    world: World
    plan: plans.PlanView

    def __init__(self) -> None:
        super().__init__()
        self.states: dict[Any, str] = {}
        self.told: dict[Any, str] = {}
        self.now = NOW
        with self.world.store.writing() as uow:
            line = plans.NewLine(plans.CheckKind.OTHER, "演示", approver_name="演示批准人", **YEAR)
            current = plans.plan(uow, self.world.actors["office"], self.plan.id)
            after = plans.add_line(
                uow, self.world.actors["office"], current.id, line, version=current.version, at_utc=NOW
            )
            self.line = next(one.id for one in after.lines if one.id not in {x.id for x in current.lines})

    def _try(self, step: Any, expected: bool) -> Any:
        try:
            with self.world.store.writing() as uow:
                done = step(uow)
        except (draws.DrawsError, plans.PlansError):
            assert not expected
            return None
        assert expected
        return done

    @rule()
    def commit(self) -> None:
        waits = "committed" in self.states.values()
        wanted = draws.NewDraw(self.line, 1, DAYS, {"day": 1})
        legal = not waits and self.now < RELEASED
        made = self._try(
            lambda uow: draws.commit_draw(uow, self.world.actors["office"], wanted, at_utc=self.now), legal
        )
        if made is not None:
            self.states[made.id], self.told[made.id] = "committed", made.frame_sha256

    @precondition(lambda self: self.states)
    @rule(pick=st.integers(0, 99), step=st.sampled_from(["mix", "withdraw", "reveal", "withdraw_one", "open_one"]))
    def take(self, pick: int, step: str) -> None:
        made = list(self.states)[pick % len(self.states)]
        getattr(self, f"_{step}")(made, self.states[made])

    def _mix(self, made: Any, state: str) -> None:
        legal = state == "committed" and self.now < RELEASED
        if self._try(
            lambda uow: draws.mix_draw(
                uow, self.world.actors["discipline"], made, nonce=NUMBER, source="摇号", at_utc=self.now
            ),
            legal,
        ):
            self.states[made] = "drawn"

    def _withdraw(self, made: Any, state: str) -> None:
        legal = state in ("committed", "drawn")
        if self._try(
            lambda uow: draws.withdraw_draw(uow, self.world.actors["office"], made, reason="改期", at_utc=self.now),
            legal,
        ):
            self.states[made] = "withdrawn"

    def _reveal(self, made: Any, state: str) -> None:
        with self.world.store.reading() as uow:
            kept = uow.session.scalars(
                select(Assignment).where(Assignment.draw_id == made, Assignment.withdrawn_utc.is_(None))
            ).all()
            over = all(a.expires_utc <= self.now for a in kept)
        legal = state in ("drawn", "withdrawn") and over
        if self._try(
            lambda uow: draws.reveal_draw(uow, self.world.actors["organization"], made, at_utc=self.now), legal
        ):
            self.states[made] = "revealed"

    def _withdraw_one(self, made: Any, state: str) -> None:
        row = self._one(made)
        if row is not None:
            legal = row.withdrawn_utc is None and not self._opened(row)
            self._try(
                lambda uow: plans.withdraw_assignment(
                    uow, self.world.actors["office"], row.id, reason="改期", at_utc=self.now
                ),
                legal,
            )

    def _open_one(self, made: Any, state: str) -> None:
        row = self._one(made)
        if row is None:
            return
        with self.world.store.reading() as uow:
            member = plans.assignment(uow, self.world.actors["office"], row.id, at_utc=self.now).team[0]
        who = next(a for a in self.world.actors.values() if a.account_id == member.account_id)
        legal = row.withdrawn_utc is None and self.now < row.expires_utc
        outcome = self._try(
            lambda uow: plans.open_assignment(uow, who, row.id, device_utc=None, at_utc=self.now), legal
        )
        if outcome is not None:
            assert (outcome.package is not None) == (self.now >= row.release_utc)

    def _one(self, made: Any) -> Assignment | None:
        with self.world.store.reading() as uow:
            row = uow.session.scalars(select(Assignment).where(Assignment.draw_id == made)).first()
            uow.session.expunge_all()
            return row

    def _opened(self, row: Assignment) -> bool:
        with self.world.store.reading() as uow:
            return plans.is_opened(uow, row.id)

    @rule(hours=st.sampled_from([1, 20, 60]))
    def wait(self, hours: int) -> None:
        self.now += timedelta(hours=hours)

    @invariant()
    def nothing_is_lost(self) -> None:
        if not self.states:
            return
        with self.world.store.reading() as uow:
            kept = {one.id: one for one in draws.draws(uow, self.world.actors["office"], limit=200)}
            for made, state in self.states.items():
                assert (kept[made].state, kept[made].frame_sha256) == (state, self.told[made])
                assert (kept[made].nonce is None) == (kept[made].mixed_utc is None)
                rows = uow.session.scalars(select(Assignment).where(Assignment.draw_id == made)).all()
                assert len(rows) == (0 if kept[made].nonce is None else 1)


@pytest.fixture
def one_world(world: World) -> Iterator[World]:
    OneDraw.world, OneDraw.plan = world, with_plan(world)
    yield world


@pytest.mark.parametrize("world", ["sqlite"], indirect=True)
def test_no_order_of_steps_leads_where_it_must_not(one_world: World) -> None:
    run_state_machine_as_test(
        OneDraw,
        settings=settings(
            max_examples=10, stateful_step_count=12, deadline=None, suppress_health_check=list(HealthCheck)
        ),
    )


def test_the_rows_of_a_draw_are_never_deleted(world: World) -> None:
    committed(world, with_plan(world))
    for table in ("draw", "plan_line", "plan"):
        with pytest.raises(DBAPIError), world.store.writing() as uow:
            uow.session.execute(text(f"DELETE FROM {table}"))
    with world.store.reading() as uow:
        assert uow.session.scalars(select(PlanLine)).first() is not None
