"""What every answer carries, what the API says of itself, and what whoever runs the server asks."""

import re

import pytest
from flask import Flask

from api.app import ROOMS, create_app
from tests.api.world import World

PUBLIC = {"create_session", "healthz", "readyz", "metrics", "openapi_json", "show_docs", "start_script", "swagger_file"}


def test_every_answer_has_the_headers_that_protect(world: World) -> None:
    client = world.client()
    for path in ("/api/v1/me", "/healthz", "/api/v1/openapi.json", "/nowhere", "/api/v1/docs"):
        headers = client.get(path).headers
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Referrer-Policy"] == "no-referrer"
        assert "frame-ancestors 'none'" in headers["Content-Security-Policy"]
        assert "unsafe-inline" not in headers["Content-Security-Policy"].split("style-src")[0]
        assert headers["Cache-Control"] == "no-store"
        assert re.fullmatch(r"[0-9a-f]{16}", headers["X-Request-Id"])


def test_a_request_id_of_the_callers_own_is_not_taken(world: World) -> None:
    answer = world.client().get("/api/v1/me", headers={"X-Request-Id": "forged\nline"[:6]})
    assert answer.headers["X-Request-Id"] != "forged"
    assert answer.get_json()["request_id"] == answer.headers["X-Request-Id"]


def test_a_method_that_is_not_there_names_those_that_are(world: World) -> None:
    answer = world.phone("lin").ask("PUT", "me")
    assert answer.status_code == 405
    assert "GET" in answer.headers["Allow"]
    assert answer.get_json()["type"] == "about:blank"


def test_a_fault_of_the_house_tells_nothing_but_an_id(world: World) -> None:
    app = create_app(world.settings, world.store)

    @app.get("/broken")
    def broken() -> str:
        raise RuntimeError("SELECT secret FROM somewhere")

    answer = app.test_client().get("/broken")
    assert answer.status_code == 500
    assert set(answer.get_json()) == {"type", "title", "status", "request_id"}
    assert "secret" not in answer.get_data(as_text=True)


def test_titles_are_in_the_language_that_is_asked_for(world: World) -> None:
    client = world.client()
    assert client.get("/api/v1/me").get_json()["title"] == "请先登录"
    assert client.get("/api/v1/me", headers={"Accept-Language": "en-GB"}).get_json()["title"] == "Please sign in"


def test_the_server_is_alive_and_ready(world: World) -> None:
    assert world.client().get("/healthz").status_code == 200
    assert world.client().get("/readyz").status_code == 200


def test_the_server_is_not_ready_without_its_evidence(world: World) -> None:
    (world.settings.data_dir / "evidence" / "sha256").rmdir()
    answer = world.client().get("/readyz")
    assert answer.status_code == 503
    assert answer.get_json()["type"] == "/problems/not-ready"
    assert answer.headers["Retry-After"]


def test_records_that_cannot_be_reached_are_told_apart_from_a_fault_of_ours(world: World) -> None:
    phone = world.phone("lin")
    database = world.settings.data_dir / "shidi.sqlite"
    world.store.engine.dispose()
    for file in world.settings.data_dir.glob("shidi.sqlite*"):
        if file.suffix != ".lock":
            file.unlink()
    database.mkdir()
    answer = phone.get("me")
    assert answer.status_code == 503
    assert answer.get_json()["type"] == "/problems/store-unavailable"
    assert answer.headers["Retry-After"]
    assert world.client().get("/readyz").status_code == 503


def test_metrics_are_for_this_machine_only(world: World) -> None:
    world.work()
    client = world.client()
    client.get("/api/v1/me")
    text = client.get("/metrics").get_data(as_text=True)
    assert 'shidi_answers_total{class="4xx"} 1' in text
    assert 'shidi_jobs{state="waiting"} 0' in text
    assert client.get("/metrics", environ_base={"REMOTE_ADDR": "10.0.0.9"}).status_code == 404


def test_the_docs_page_loads_nothing_from_outside(world: World) -> None:
    client = world.client()
    page = client.get("/api/v1/docs")
    assert page.status_code == 200
    assert "http" not in page.get_data(as_text=True)
    assert "<script>" not in page.get_data(as_text=True)
    for name in re.findall(r'(?:src|href)="([^"]+)"', page.get_data(as_text=True)):
        with client.get(f"/api/v1/{name}", buffered=True) as answer:
            assert answer.status_code == 200
    assert "validatorUrl: null" in client.get("/api/v1/docs/start.js").get_data(as_text=True)
    assert client.get("/api/v1/docs/files/index.css").status_code == 404


def described(world: World) -> dict[str, dict[str, object]]:
    operations = {}
    for path, methods in world.client().get("/api/v1/openapi.json").get_json()["paths"].items():
        for method, operation in methods.items():
            if isinstance(operation, dict):
                operations[f"{method.upper()} {path}"] = operation
    return operations


def test_the_description_names_every_operation_once_and_promises_problems(world: World) -> None:
    operations = described(world)
    ids = [operation["operationId"] for operation in operations.values()]
    assert sorted(ids) == sorted(set(ids))  # type: ignore[type-var]
    for operation in operations.values():
        assert operation["responses"]["default"] == {"$ref": "#/components/responses/DEFAULT_ERROR"}  # type: ignore[index]
    document = world.client().get("/api/v1/openapi.json").get_json()
    assert "application/problem+json" in document["components"]["responses"]["DEFAULT_ERROR"]["content"]
    assert document["components"]["securitySchemes"]["bearer"]["scheme"] == "bearer"
    assert document["openapi"] == "3.1.0"


def routes(app: Flask) -> list[tuple[str, str]]:
    return [
        (method, rule.rule)
        for rule in app.url_map.iter_rules()
        for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"})
        if rule.rule.startswith("/api/v1/") and rule.endpoint.rpartition(".")[2] not in PUBLIC
    ]


def test_every_route_of_the_rooms_asks_for_a_sign_in(world: World) -> None:
    found = routes(world.app)
    assert len(found) >= 30
    for method, rule in found:
        path = re.sub(r"<uuid:\w+>", "00000000-0000-4000-8000-000000000001", rule)
        path = re.sub(r"<int[^>]*>", "0", re.sub(r"<string[^>]*>", "0" * 64, path))
        path = re.sub(r"<\w+>", "350924100201", path)
        answer = world.client().open(path, method=method)
        assert answer.status_code == 401, (method, path, answer.status_code)


def test_the_rooms_are_all_below_one_prefix() -> None:
    assert {room.url_prefix for room in ROOMS} == {"/api/v1"}


# Questions that mean nothing without their numbers.
ASKED_WITH = {"/api/v1/log/consistency": "?from=1&to=1"}
# Nothing was signed yet in a world this young.
NOT_THERE_YET = {"/api/v1/log/checkpoints/latest"}


@pytest.mark.parametrize("login", ["lin", "office", "org", "discipline", "leader", "oversight", "admin"])
def test_reading_any_list_in_any_role_is_answered_or_refused_plainly(world: World, login: str) -> None:
    phone = world.phone(login)
    for method, rule in routes(world.app):
        if method == "GET" and "<" not in rule:
            answer = phone.get(rule + ASKED_WITH.get(rule, ""))
            plain = (200, 403, 404) if rule in NOT_THERE_YET else (200, 403)
            assert answer.status_code in plain, (rule, answer.status_code, answer.get_json())
