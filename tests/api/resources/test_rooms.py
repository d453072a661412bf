"""The smaller rooms over HTTP: places, items, postings, assignments, log, audit."""

from datetime import timedelta

import pytest
from shapely import Polygon

from geo import Area, Datum
from media.proof import merkle
from tests.api.world import COUNTY, FOREIGN_VILLAGE, OTHER_VILLAGE, VILLAGE, World
from visits.access import actor_named
from visits.places import Quality, import_areas


def test_the_29_items_come_with_the_version_of_their_wording(world: World) -> None:
    said = world.phone("lin").get("items").get_json()
    assert [item["number"] for item in said["items"]] == list(range(1, 30))
    assert said["version"].startswith("items-")


def test_questions_come_with_their_rules_and_are_asked_for_once(world: World) -> None:
    lin = world.phone("lin")
    answer = lin.get("questions")
    said = answer.get_json()
    assert answer.headers["ETag"] == f'"{said["version"]}"'
    assert said["script_zh"] and said["script_en"]
    assert {"id", "text_zh", "rule_zh", "source", "answer", "item", "visit_kinds"} <= said["questions"][0].keys()
    assert lin.get(f"questions?version={said['version']}").get_json() == said
    kept = lin.ask("GET", "questions", headers={"If-None-Match": answer.headers["ETag"]})
    assert (kept.status_code, kept.data) == (304, b"")


@pytest.mark.parametrize("version", ["questions-2020-01-01-000000000000", "..%2Fitems", "%00", "x" * 61, ""])
def test_a_set_of_questions_that_was_never_published_is_a_problem(world: World, version: str) -> None:
    answer = world.phone("lin").get(f"questions?version={version}")
    assert answer.get_json()["type"] in ("/problems/no-such-question-set", "/problems/invalid-request")


def test_the_package_names_its_questions_and_the_kind_of_visit(world: World) -> None:
    lin, office = world.phone("lin"), world.phone("office")
    assigned = world.assign()
    package = lin.post(f"assignments/{assigned['id']}/opening", {}).get_json()
    assert package["question_set"] == lin.get("questions").get_json()["version"]
    assert package["visit_kind"] == assigned["visit_kind"] == "unannounced"
    body = {
        "village_code": VILLAGE,
        "case_study": True,
        "team": [str(world.actor("lin").account_id)],
        "release_utc": world.clock().isoformat(),
        "expires_utc": (world.clock() + timedelta(days=1)).isoformat(),
    }
    study = office.post("assignments", body).get_json()
    assert (study["visit_kind"], study["announced"]) == ("case_study", True)


def test_villages_are_paged_by_code_and_only_the_own_divisions(world: World) -> None:
    office = world.phone("office")
    first = office.get("villages?limit=1").get_json()
    assert [village["code"] for village in first["items"]] == [VILLAGE]
    second = office.get(first["next"]).get_json()
    assert [village["code"] for village in second["items"]] == [OTHER_VILLAGE]
    assert second["next"] is None
    assert office.get(f"villages/{VILLAGE}").get_json()["town_name"] == "下党乡"
    foreign = office.get(f"villages/{FOREIGN_VILLAGE}")
    assert foreign.status_code == 404
    assert foreign.get_json()["type"] == "/problems/no-such-village"


def test_villages_are_filtered_by_programme_round(world: World) -> None:
    assert world.phone("office").get("villages?programme_round=5").get_json()["items"] == []


def test_a_boundary_is_a_geojson_feature(world: World) -> None:
    office = world.phone("office")
    assert office.get(f"areas/{COUNTY}").get_json()["type"] == "/problems/no-such-boundary"
    ring = Polygon([(119.4, 27.4), (119.6, 27.4), (119.6, 27.6), (119.4, 27.6)])
    area = Area(1, {"code": VILLAGE}, ring, None)
    with world.store.writing() as uow:
        import_areas(
            uow,
            actor_named(uow, "admin"),
            [area],
            datum=Datum.WGS84,
            quality=Quality.MAP,
            source="drawn",
            licence="",
            at_utc=world.clock(),
        )
    feature = office.get(f"areas/{VILLAGE}").get_json()
    assert feature["type"] == "Feature"
    assert feature["geometry"]["type"] == "Polygon"
    assert feature["properties"]["quality"] == "map"
    assert feature["properties"]["name"] == "下党村"


def test_postings_are_paged_and_for_the_organization_department_only(world: World) -> None:
    org = world.phone("org")
    first = org.get("postings?limit=2").get_json()
    second = org.get(first["next"]).get_json()
    names = [posting["name"] for posting in [*first["items"], *second["items"]]]
    assert sorted(names) == ["张三", "李四", "王五"]
    assert world.phone("leader").get("postings").status_code == 403
    assert world.phone("elsewhere").get("postings").get_json()["items"] == []
    foreign = world.phone("elsewhere").get(f"postings/{world.posting_ids[0]}")
    assert foreign.get_json()["type"] == "/problems/no-such-posting"


def test_an_assignment_is_sealed_for_the_team_until_its_release(world: World) -> None:
    made = world.assign(hours=3)
    assert made["village"]["code"] == VILLAGE
    lin = world.phone("lin")
    seen = lin.get(f"assignments/{made['id']}").get_json()
    assert seen["village"] is None
    assert seen["visit_id"] is None
    early = lin.post(f"assignments/{made['id']}/opening", {"device_utc": None})
    assert early.status_code == 409
    assert early.get_json()["type"] == "/problems/assignment-sealed"
    assert early.get_json()["release_utc"] == made["release_utc"]
    trail = world.phone("discipline").get(f"audit?about=assignment:{made['id']}").get_json()["items"]
    assert [(line["act"], line["result"]) for line in trail] == [
        ("assignment.open", "refused"),
        ("assignment.make", "done"),
    ]
    world.clock.move(hours=3)
    package = lin.post(f"assignments/{made['id']}/opening", {"device_utc": world.clock().isoformat()})
    assert package.status_code == 200
    said = package.get_json()
    assert said["village"] == {"code": VILLAGE, "name": "下党村", "town_name": "下党乡"}
    assert {posting["name"] for posting in said["postings"]} == {"张三", "李四"}
    assert set(said["postings"][0]) == {"id", "name", "kind", "sending_unit"}
    assert len(said["nonce"]) >= 16
    assert lin.get(f"assignments/{made['id']}").get_json()["visit_id"] == said["visit_id"]


def test_nobody_outside_the_team_finds_an_assignment(world: World) -> None:
    made = world.assign()
    wang = world.phone("wang")
    assert wang.get("assignments").get_json()["items"] == []
    for answer in (wang.get(f"assignments/{made['id']}"), wang.post(f"assignments/{made['id']}/opening", {})):
        assert answer.status_code == 404
        assert answer.get_json()["type"] == "/problems/no-such-assignment"


def test_an_assignment_that_was_not_opened_in_time_has_expired(world: World) -> None:
    made = world.assign()
    world.clock.move(hours=13)
    answer = world.phone("lin").post(f"assignments/{made['id']}/opening", {})
    assert answer.get_json()["type"] == "/problems/assignment-expired"


def test_assignments_are_paged_newest_first(world: World) -> None:
    made = []
    for _ in range(3):
        made.append(world.assign()["id"])
        world.clock.move(minutes=1)
    office = world.phone("office")
    found, path = [], "assignments?limit=2"
    while path:
        page = office.get(path).get_json()
        found += [one["id"] for one in page["items"]]
        path = page["next"]
    assert found == made[::-1]


@pytest.mark.parametrize(
    ("change", "slug"),
    [
        ({"team": ["00000000-0000-4000-8000-000000000001"]}, "bad-team"),
        ({"village_code": FOREIGN_VILLAGE}, "no-such-village"),
        ({"expires_utc": "2026-05-01T00:00:00+08:00"}, "bad-release-window"),
        ({"team": []}, "invalid-request"),
    ],
)
def test_an_assignment_that_cannot_be_is_refused(world: World, change: dict[str, object], slug: str) -> None:
    body = {
        "village_code": VILLAGE,
        "team": [str(world.actor("lin").account_id)],
        "release_utc": world.clock().isoformat(),
        "expires_utc": (world.clock() + timedelta(hours=5)).isoformat(),
    }
    answer = world.phone("office").post("assignments", {**body, **change})
    assert answer.get_json()["type"] == f"/problems/{slug}"


def test_the_log_proves_an_entry_without_opening_it(world: World) -> None:
    made = world.assign(hours=3)
    lin = world.phone("lin")
    head = lin.get("log/head").get_json()
    assert head["size"] >= 1
    proof = lin.get(f"log/entries/0/proof?size={head['size']}")
    said = proof.get_json()
    assert said["root_hex"] == head["root_hex"]
    assert made["village"]["code"] not in proof.get_data(as_text=True)
    assert "salt_hex" not in said
    missing = lin.get(f"log/entries/{head['size']}/proof")
    assert missing.get_json()["type"] == "/problems/not-in-log"


def test_proofs_that_come_over_http_are_checked_by_whoever_asks(world: World) -> None:
    world.assign(hours=3)
    phone = world.phone("office")
    before = phone.get("log/head").get_json()
    world.assign(hours=4)
    after = phone.get("log/head").get_json()
    assert 0 < before["size"] < after["size"]
    grown = phone.get(f"log/consistency?from={before['size']}&to={after['size']}").get_json()
    roots = bytes.fromhex(before["root_hex"]), bytes.fromhex(after["root_hex"])
    path = [bytes.fromhex(step) for step in grown["path_hex"]]
    assert merkle.verify_consistency(before["size"], after["size"], *roots, path)
    assert not merkle.verify_consistency(before["size"], after["size"], roots[1], roots[1], path)
    for index in range(after["size"]):
        told = phone.get(f"log/entries/{index}/proof?size={after['size']}").get_json()
        leaf, steps = bytes.fromhex(told["leaf_hash_hex"]), [bytes.fromhex(step) for step in told["path_hex"]]
        assert merkle.verify_inclusion(leaf, index, after["size"], steps, roots[1])
        assert not merkle.verify_inclusion(leaf, index, after["size"], steps, roots[0])


def test_the_audit_trail_is_for_discipline_only(world: World) -> None:
    assert world.phone("discipline").get("audit?limit=5").status_code == 200
    for login in ("admin", "org", "lin", "office"):
        assert world.phone(login).get("audit").status_code == 403


@pytest.mark.parametrize(
    ("login", "path", "slug"),
    [
        ("org", "visits/{id}", "no-such-visit"),
        ("lin", "visits/{id}/receipt", "no-such-visit"),
        ("org", "visits/{id}/photos/" + "0" * 64 + "/display", "no-such-visit"),
        ("org", "decisions/{id}", "no-such-decision"),
        ("office", "problems/{id}", "no-such-problem"),
        ("org", "postings/{id}", "no-such-posting"),
    ],
)
def test_what_is_not_there_is_named(world: World, login: str, path: str, slug: str) -> None:
    answer = world.phone(login).get(path.format(id="00000000-0000-4000-8000-000000000001"))
    assert answer.status_code == 404
    assert answer.get_json()["type"] == f"/problems/{slug}"


@pytest.mark.parametrize(
    ("path", "body", "slug"),
    [
        ("sightings/{id}/notices", {"given_on": "2026-05-12", "how": "paper"}, "no-such-sighting"),
        ("notices/{id}/replies", {"text": "x", "received_on": "2026-05-12", "how": "paper"}, "no-such-notice"),
        ("sightings/{id}/notices", {"given_on": "12.5.2026", "how": "paper"}, "invalid-request"),
    ],
)
def test_review_of_what_is_not_there_is_refused(world: World, path: str, body: dict[str, str], slug: str) -> None:
    answer = world.phone("org").post(path.format(id="00000000-0000-4000-8000-000000000001"), body)
    assert answer.get_json()["type"] == f"/problems/{slug}"
