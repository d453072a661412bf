"""Without a phone: the printable record, entered later and labelled; and no village is ever asked to type."""

import re
from typing import Any
from uuid import UUID

from tests.api.world import VILLAGE, World
from visits import places
from visits.access import Role
from visits.fieldwork import visit


def desk(world: World, login: str) -> Any:
    client = world.client()
    client.set_cookie("shidi_session", world.phone(login).token)
    return client


def entered(world: World, client: Any, assignment_id: str, **changes: str) -> Any:
    path = f"/desk/assignments/{assignment_id}/paper"
    shown = client.get(path)
    assert shown.status_code == 200
    csrf = shown.text.split('name="csrf_token" value="')[1].split('"')[0]
    said = {"csrf_token": csrf, "arrived": "2026-05-12T10:00", "left": "2026-05-12T11:30", **changes}
    return client.post(path, data=said)


def opened(world: World) -> tuple[str, str]:
    made = world.assign()
    lin = world.phone("lin")
    answer = lin.post(f"assignments/{made['id']}/opening", {"device_utc": world.clock().isoformat()})
    return str(made["id"]), str(answer.get_json()["visit_id"])


def test_what_was_written_on_paper_is_entered_once_and_labelled(world: World) -> None:
    assignment_id, visit_id = opened(world)
    world.clock.move(hours=30)  # the day after
    posting = str(world.posting_ids[0])
    client = desk(world, "lin")
    answer = entered(
        world,
        client,
        assignment_id,
        **{
            f"seen-{posting}": "not_met",
            f"asked-{posting}": "3",
            f"know-{posting}": "0",
            "answer-funds_board": "yes",
            "asked-funds_known": "3",
            "know-funds_known": "0",
            "words-policy_answer": "闽演〔2026〕5号",
            "item-1": "20",
            "problem-1": "公示栏未更新",
            "warned": "yes",
        },
    )
    assert answer.status_code == 303 and answer.headers["Location"].endswith(visit_id)
    world.work()
    with world.store.writing() as uow:
        seen = visit(uow, world.actor("org"), UUID(visit_id), at_utc=world.clock())
    # The day and hour are those of the paper, not of the typing.
    assert (str(seen.summary.local_date), seen.summary.slot, seen.warned_beforehand) == ("2026-05-12", "day", True)
    hints = {h.code: dict(h.values) for h in seen.hints}
    assert hints["entered_later"]["records"] == len(seen.records)
    assert {"notice_unknown", "signature_absent", "no_fix"} <= hints.keys()
    assert entered(world, client, assignment_id).status_code == 400


def listed(world: World) -> None:
    """A list of four households for the village, and a finished project of the county's store."""
    rows = [places.HouseholdRow(n, f"{n:03d}", f"演示{n}", "一组", village_code=VILLAGE) for n in range(1, 5)]
    project = places.ProjectRow(1, "XM-1", "灌渠", "finished", village_code=VILLAGE)
    with world.store.writing() as uow:
        places.import_households(uow, world.actor("admin"), rows, at_utc=world.clock())
        places.import_projects(uow, world.actor("admin"), [project], at_utc=world.clock())


BAD_FORMS: tuple[dict[str, str], ...] = (
    {"arrived": ""},
    {"left": "yesterday"},
    {"left": "2026-05-12T09:00"},
    {"problem-1": "x", "item-1": "", "other-1": ""},
    {"answer-assured_food-1": "yes"},
    {"answer-assured_food-1": "yes", "household-1": "5"},
    {"answer-assured_food-1": "yes", "household-1": "2", "answer-assured_food-2": "no", "household-2": "2"},
)


def test_a_form_that_lacks_something_is_not_taken(world: World) -> None:
    listed(world)
    assignment_id, _ = opened(world)
    client = desk(world, "lin")
    assert [entered(world, client, assignment_id, **bad).status_code for bad in BAD_FORMS] == [400] * len(BAD_FORMS)
    assert entered(world, client, assignment_id).status_code == 303


def test_without_any_phone_an_inspector_opens_at_the_desk_and_enters_households_and_projects(world: World) -> None:
    listed(world)
    made = world.assign()
    client = desk(world, "lin")
    page = client.get("/desk/assignments").text
    csrf = page.split('name="csrf_token" value="')[1].split('"')[0]
    assert f"/desk/assignments/{made['id']}/opening" in page
    to_paper = client.post(f"/desk/assignments/{made['id']}/opening", data={"csrf_token": csrf})
    assert to_paper.status_code == 303
    form = client.get(to_paper.headers["Location"]).text
    # Numbers and hamlets to find them by, and never a name: paper is left lying about.
    assert all(f"户编号 00{n}" in form for n in range(1, 5)) and "演示" not in form and "XM-1" in form
    said = {
        "household-1": "2",
        "answer-assured_food-1": "no",
        "household-words-1": "吃得不好",
        "project-XM-1": "not_there",
    }
    assert entered(world, client, made["id"], **said).status_code == 303
    world.work()
    with world.store.writing() as uow:
        seen = visit(uow, world.actor("org"), UUID(made["visit_id"]), at_utc=world.clock())
    assert [(a.question_id, a.answer, a.household, a.note) for a in seen.answers] == [
        ("assured_food", "no", 2, "吃得不好")
    ]
    assert [(p.code, p.seen) for p in seen.projects] == [("XM-1", "not_there")]
    assert {"entered_later", "project_not_there"} <= {h.code for h in seen.hints} and seen.summary.complete


def test_opening_at_the_desk_before_the_release_is_refused_and_noted(world: World) -> None:
    made = world.assign(hours=3)
    client = desk(world, "lin")
    assert f"/desk/assignments/{made['id']}/opening" not in client.get("/desk/assignments").text
    csrf = client.get("/desk/recusals").text.split('name="csrf_token" value="')[1].split('"')[0]
    answer = client.post(f"/desk/assignments/{made['id']}/opening", data={"csrf_token": csrf})
    assert answer.status_code == 409 and "下党" not in answer.text
    tried = world.phone("discipline").get(f"audit?about=assignment:{made['id']}").get_json()["items"]
    assert ("assignment.open", "refused") in {(one["act"], one["result"]) for one in tried}


def test_a_blank_form_names_no_village_and_is_for_every_kind_of_visit(world: World) -> None:
    listed(world)
    opened(world)
    for login in ("lin", "office"):
        shown = desk(world, login).get("/desk/paper").text
        assert "下党" not in shown and "<form class=" not in shown and "打电话" in shown
        assert "识别材料" not in shown and shown.count("抽到的第几户") == 5
    assert "识别材料" in desk(world, "lin").get("/desk/paper?kind=announced").text
    assert desk(world, "org").get("/desk/paper").status_code == 403


def test_the_form_names_no_household_and_asks_nobody_of_the_village_to_sign(world: World) -> None:
    assignment_id, _ = opened(world)
    shown = desk(world, "lin").get(f"/desk/assignments/{assignment_id}/paper").text
    assert VILLAGE in shown and "核查人员签字" in shown
    assert not re.search("村民签字|群众签字|户主|村干部签字", shown)


def test_the_form_is_not_shown_before_somebody_opened_it(world: World) -> None:
    made = world.assign()
    assert desk(world, "lin").get(f"/desk/assignments/{made['id']}/paper").status_code == 404


# ---- E1: no village can be asked to type ----

READS = {"GET", "HEAD", "OPTIONS"}
# Whoever is not signed in can do this much, and none of it takes anything in.
OPEN_WRITES = {"POST /api/v1/sessions", "POST /desk/sign-in", "POST /desk/sign-out"}


def test_e1_no_role_is_a_villages_and_no_route_takes_anything_from_one(world: World) -> None:
    """Every route that writes, asked by nobody: each wants a sign-in, and no role belongs to those inspected."""
    assert {role.value for role in Role} == {
        *("inspector", "office", "organization", "discipline", "leader", "oversight", "admin")
    }
    asked = 0
    for rule in world.app.url_map.iter_rules():
        for method in sorted((rule.methods or set()) - READS):
            path = re.sub(r"<[^>]*uuid:[^>]*>", "00000000-0000-0000-0000-000000000000", rule.rule)
            path = re.sub(r"<[^>]*int[^>]*>", "1", path)
            path = re.sub(r"<[^>]*>", "x", path)
            if f"{method} {rule.rule}" in OPEN_WRITES:
                continue
            answer = world.client().open(path, method=method, json={} if path.startswith("/api") else None)
            asked += 1
            to_sign_in = answer.status_code == 303 and "/desk/sign-in" in answer.headers["Location"]
            refused = answer.status_code in (401, 403, 404, 405) or to_sign_in
            # A form of the desk without a session is sent to sign in, or refused for its missing token.
            assert refused, f"{method} {rule.rule} answered {answer.status_code} to nobody"
    assert asked > 40


def test_e1_minutes_asked_of_every_village_are_none(world: World) -> None:
    rows = world.phone("office").get("burden").get_json()["items"]
    assert rows and {row["minutes_asked"] for row in rows} == {0}
