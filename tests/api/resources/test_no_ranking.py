"""B12: a visit passes or has problems; nothing is scored, and no list can be put in order of a number."""

import re
from collections.abc import Iterator
from typing import Any

from tests.api.world import OTHER_VILLAGE, VILLAGE, World

SCORES = re.compile(r"(^|_)(score|rank|ranking|points|grade|rating|stars|league)(_|$)")
# Orders that a caller may choose: by the age of a thing, and by code.
ORDERS = {"age", "code", "village"}


def _parts(of: Any) -> Iterator[dict[str, Any]]:
    if isinstance(of, dict):
        yield of
        of = list(of.values())
    for one in of if isinstance(of, list) else []:
        yield from _parts(one)


def test_b12_no_answer_holds_a_score_and_no_list_is_asked_for_in_order_of_one(world: World) -> None:
    told = world.client().get("/api/v1/openapi.json").get_json()
    named = {name for part in _parts(told) for name in part.get("properties", {})}
    assert len(named) > 100 and [name for name in named if SCORES.search(name)] == []
    asked = [p for part in _parts(told["paths"]) for p in part.get("parameters", []) if isinstance(p, dict)]
    ways = {p["name"]: p["schema"] for p in asked if p.get("name") in ("sort", "order", "order_by", "sort_by")}
    assert all(set(schema.get("enum", ["any"])) <= ORDERS for schema in ways.values()), ways


def test_b12_villages_stand_by_their_code_however_often_they_were_checked(world: World) -> None:
    lin = world.phone("lin")
    made = world.assign(village=OTHER_VILLAGE)
    assert lin.post(f"assignments/{made['id']}/opening", {"device_utc": None}).status_code == 200
    rows = world.phone("office").get("burden").get_json()["items"]
    assert [(row["village"]["code"], row["checks"]) for row in rows] == [(VILLAGE, 0), (OTHER_VILLAGE, 1)]
