"""Who asks: tokens, cookies, forms of our own pages, and slowed-down guessing."""

import pytest

from api.http.signin import CSRF_HEADER, SESSION_COOKIE, csrf_token, open_session
from tests.api.world import PASSPHRASE, Phone, World
from visits.access import SignInRefused


def test_a_phone_signs_in_with_its_key_and_is_told_who_it_is(world: World) -> None:
    phone = Phone(world.client(), "lin")
    answer = phone.sign_in()
    said = answer.get_json()
    assert answer.status_code == 201
    assert said["account"]["role"] == "inspector"
    assert said["device_id"]
    me = phone.get("me").get_json()
    assert (me["login"], me["device_id"]) == ("lin", said["device_id"])


def test_signing_out_ends_the_token_at_once(world: World) -> None:
    phone = world.phone("lin")
    assert phone.ask("DELETE", "sessions/current").status_code == 204
    answer = phone.get("me")
    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"].startswith("Bearer")


def test_a_token_ends_after_its_time(world: World) -> None:
    phone = world.phone("lin")
    world.clock.move(days=31)
    assert phone.get("me").get_json()["type"] == "/problems/not-signed-in"


@pytest.mark.parametrize(
    "sent", ["Bearer", "Bearer x", "Basic bGluOng=", "Bearer " + "a" * 5000, "Bearer \xff\xfe" + "a" * 30]
)
def test_a_token_that_is_none_opens_nothing(world: World, sent: str) -> None:
    answer = world.client().get("/api/v1/me", headers={"Authorization": sent})
    assert answer.status_code == 401


def test_a_wrong_passphrase_is_refused_without_saying_which_part_was_wrong(world: World) -> None:
    client = world.client()
    wrong = client.post("/api/v1/sessions", json={"login": "lin", "passphrase": "nonsense-nonsense"})
    unknown = client.post("/api/v1/sessions", json={"login": "nobody", "passphrase": "nonsense-nonsense"})
    assert wrong.status_code == unknown.status_code == 401
    assert wrong.get_json()["detail"] == unknown.get_json()["detail"]
    assert wrong.get_json()["type"] == "/problems/sign-in-refused"


def test_a_name_that_no_database_stores_is_just_wrong(world: World) -> None:
    with world.app.test_request_context(), pytest.raises(SignInRefused):
        open_session("li\0n", PASSPHRASE)


def test_guessing_is_slowed_down_and_the_wait_ends(world: World) -> None:
    client = world.client()
    guess = {"login": "lin", "passphrase": "nonsense-nonsense"}
    statuses = [client.post("/api/v1/sessions", json=guess).status_code for _ in range(6)]
    assert statuses == [401] * 5 + [429]
    refused = client.post("/api/v1/sessions", json={"login": "lin", "passphrase": PASSPHRASE})
    assert refused.get_json()["type"] == "/problems/too-many-sign-ins"
    assert 0 < int(refused.headers["Retry-After"]) <= 900
    assert client.post("/api/v1/sessions", json={"login": "org", "passphrase": PASSPHRASE}).status_code == 201
    world.clock.move(minutes=16)
    assert client.post("/api/v1/sessions", json={"login": "lin", "passphrase": PASSPHRASE}).status_code == 201


def test_a_private_key_is_not_taken(world: World) -> None:
    phone = Phone(world.client(), "lin")
    device = {"label": "", "public_key": {**phone.key.public_jwk, "d": "c2VjcmV0"}}
    answer = world.client().post("/api/v1/sessions", json={"login": "lin", "passphrase": PASSPHRASE, "device": device})
    assert answer.status_code == 422
    assert answer.get_json()["type"] == "/problems/bad-key"


def test_the_members_a_browser_adds_to_a_key_do_no_harm(world: World) -> None:
    phone = Phone(world.client(), "lin")
    key = {**phone.key.public_jwk, "ext": True, "key_ops": ["verify"], "alg": "ES256"}
    body = {"login": "lin", "passphrase": PASSPHRASE, "device": {"label": "x", "public_key": key}}
    assert world.client().post("/api/v1/sessions", json=body).status_code == 201


def test_a_cookie_reads_but_changes_nothing_without_the_token_of_our_page(world: World) -> None:
    token = world.phone("office").token
    client = world.client()
    client.set_cookie(SESSION_COOKIE, token)
    assert client.get("/api/v1/me").status_code == 200
    body = {"village_code": "x"}
    refused = client.post("/api/v1/assignments", json=body)
    assert refused.status_code == 403
    assert refused.get_json()["type"] == "/problems/cross-site-request"
    with world.app.test_request_context(headers={"Cookie": f"{SESSION_COOKIE}={token}"}):
        own = csrf_token()
    assert client.post("/api/v1/assignments", json=body, headers={CSRF_HEADER: own}).status_code == 422
    forged = client.post("/api/v1/assignments", json=body, headers={CSRF_HEADER: own[:-1] + "é"})
    assert forged.status_code == 403


def test_a_broken_bearer_token_does_not_fall_back_to_the_cookie(world: World) -> None:
    client = world.client()
    client.set_cookie(SESSION_COOKIE, world.phone("office").token)
    assert client.get("/api/v1/me", headers={"Authorization": "Bearer x"}).status_code == 401


def test_an_admin_makes_accounts_of_the_own_division_only(world: World) -> None:
    admin = world.phone("admin")
    new = {"login": "new.one", "name": "新人", "role": "inspector", "division_prefix": "350924"}
    made = admin.post("accounts", new)
    assert made.status_code == 201
    passphrase = made.get_json()["passphrase"]
    signed_in = world.client().post("/api/v1/sessions", json={"login": "new.one", "passphrase": passphrase})
    assert signed_in.status_code == 201
    assert admin.post("accounts", new).get_json()["type"] == "/problems/account-exists"
    foreign = admin.post("accounts", {**new, "login": "other", "division_prefix": "350981"})
    assert foreign.status_code == 403
    assert world.phone("lin").post("accounts", {**new, "login": "third"}).status_code == 403


def test_the_office_sees_the_inspectors_only(world: World) -> None:
    found = world.phone("office").get("accounts").get_json()["items"]
    assert {account["role"] for account in found} == {"inspector"}
    everybody = world.phone("admin").get("accounts?role=office").get_json()["items"]
    assert [account["login"] for account in everybody] == ["office"]
