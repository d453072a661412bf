"""The second step of a sign-in over HTTP and at the desk, phones by square code, and what a stolen token is worth."""

import base64
import hashlib
import json
import re
from collections.abc import Callable
from typing import Any

import cbor2
import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from api.http.signin import KNOWN_COOKIE, SESSION_COOKIE
from tests.api.world import COUNTY, PASSPHRASE, Phone, World
from visits.access import totp

SESSIONS = "/api/v1/sessions"


@pytest.fixture
def strict(make_world: Callable[..., World]) -> World:
    """The county as it is run: organization, discipline and admin need a second factor."""
    return make_world(second_factor="required", public_url="https://shidi.example")


def code(world: World, secret: str, *, later: int = 0) -> str:
    return totp.code_of(base64.b32decode(secret), totp.step_at(world.clock()) + later)


def post(client: FlaskClient, action: str, shown_at: str, **fields: Any) -> TestResponse:
    """Send a form with the token of a page that shows one."""
    return client.post(action, data={"csrf_token": csrf(client, shown_at), **fields}, headers=HTTPS, base_url=BASE)


BASE = "https://shidi.example"
HTTPS: dict[str, str] = {}


def get(client: FlaskClient, path: str) -> TestResponse:
    return client.get(path, base_url=BASE)


def csrf(client: FlaskClient, shown_at: str) -> str:
    return get(client, shown_at).text.split('name="csrf_token" value="')[1].split('"')[0]


def typed(client: FlaskClient, login: str = "org") -> TestResponse:
    return post(client, "/desk/sign-in", "/desk/sign-in", login=login, passphrase=PASSPHRASE)


def set_up(world: World, login: str = "org") -> tuple[str, list[str]]:
    """Sign in for the first time over the API and set up an app; its secret and the recovery codes."""
    client = world.client()
    first = client.post(SESSIONS, json={"login": login, "passphrase": PASSPHRASE}).get_json()
    bearer = {"Authorization": f"Bearer {first['token']}"}
    secret = client.post("/api/v1/me/authenticator", json={}, headers=bearer).get_json()["secret"]
    given = {"code": code(world, secret)}
    done = client.post("/api/v1/me/authenticator/confirmation", json=given, headers=bearer)
    assert done.status_code == 200, done.get_json()
    return secret, done.get_json()["recovery_codes"]


# ---- Over the API ----


def test_a_first_sign_in_may_set_up_a_factor_and_nothing_else(strict: World) -> None:
    client = strict.client()
    first = client.post(SESSIONS, json={"login": "org", "passphrase": PASSPHRASE}).get_json()
    assert first["stage"] == "set_up"
    bearer = {"Authorization": f"Bearer {first['token']}"}
    for path in ("me", "postings", "visits", "villages", "log/head"):
        refused = client.get(f"/api/v1/{path}", headers=bearer)
        assert (refused.status_code, refused.get_json()["type"]) == (403, "/problems/second-factor-missing"), path
    secret = client.post("/api/v1/me/authenticator", json={}, headers=bearer).get_json()["secret"]
    wrong = client.post("/api/v1/me/authenticator/confirmation", json={"code": "000000"}, headers=bearer)
    assert wrong.get_json()["type"] == "/problems/wrong-code"
    given = {"code": code(strict, secret)}
    done = client.post("/api/v1/me/authenticator/confirmation", json=given, headers=bearer).get_json()
    assert len(done["recovery_codes"]) == 10
    assert client.get("/api/v1/me", headers=bearer).status_code == 401, "the token of before has ended"
    assert client.get("/api/v1/postings", headers={"Authorization": f"Bearer {done['token']}"}).status_code == 200


def test_a_passphrase_alone_opens_nothing_once_there_is_a_factor(strict: World) -> None:
    secret, recovery = set_up(strict)
    who = {"login": "org", "passphrase": PASSPHRASE}
    client = strict.client()
    assert client.post(SESSIONS, json=who).get_json()["type"] == "/problems/second-factor-needed"
    replayed = client.post(SESSIONS, json={**who, "code": code(strict, secret)})
    assert replayed.get_json()["type"] == "/problems/wrong-code", "the code that confirmed the app is spent"
    for given in (code(strict, secret, later=1), recovery[0]):
        assert client.post(SESSIONS, json={**who, "code": given}).status_code == 201
        assert client.post(SESSIONS, json={**who, "code": given}).status_code == 422


def test_five_wrong_codes_and_strangers_wait_though_they_know_the_passphrase(strict: World) -> None:
    secret, _ = set_up(strict)
    client, who = strict.client(), {"login": "org", "passphrase": PASSPHRASE}
    statuses = [client.post(SESSIONS, json={**who, "code": f"{n:06}"}).status_code for n in range(6)]
    assert statuses == [422] * 5 + [429]
    right = {**who, "code": code(strict, secret, later=1)}
    assert client.post(SESSIONS, json=right).status_code == 429
    strict.clock.move(minutes=15)
    assert client.post(SESSIONS, json={**who, "code": code(strict, secret)}).status_code == 201


def test_roles_that_read_no_people_go_on_with_a_passphrase(strict: World) -> None:
    for login in ("lin", "office", "leader", "oversight"):
        assert strict.client().post(SESSIONS, json={"login": login, "passphrase": PASSPHRASE}).status_code == 201
    assert strict.client().get("/readyz").status_code == 200


# ---- At the desk ----


def test_the_desk_leads_from_passphrase_to_set_up_to_recovery_codes_to_the_page_that_was_wanted(strict: World) -> None:
    client = strict.client()
    answer = post(client, "/desk/sign-in", "/desk/sign-in", login="org", passphrase=PASSPHRASE, next="/desk/postings")
    assert answer.location == "/desk/second-factor/set-up?next=/desk/postings"
    assert get(client, "/desk/postings").location == "/desk/second-factor/set-up"
    begun = post(client, "/desk/second-factor/set-up", answer.location, next="/desk/postings")
    shown = get(client, begun.location).text
    secret = re.search(r'<code class="hash">([A-Z2-7]+)</code>', shown)
    assert secret is not None
    assert f"otpauth://totp/Shidi:org?secret={secret[1]}" in shown
    before = client.get_cookie(SESSION_COOKIE, domain="shidi.example")
    done = post(client, "/desk/second-factor/confirmation", begun.location, code=code(strict, secret[1]))
    assert len(re.findall(r"<li><code>[a-z2-9-]{29}</code></li>", done.text)) == 10
    after = client.get_cookie(SESSION_COOKIE, domain="shidi.example")
    assert before is not None
    assert after is not None
    assert before.value != after.value, "a sign-in that is completed gets a new token"
    assert get(client, "/desk/postings").status_code == 200


def test_the_second_step_at_the_desk(strict: World) -> None:
    secret, recovery = set_up(strict)
    client = strict.client()
    asked = typed(client)
    assert asked.location.startswith("/desk/second-factor?")
    for path in ("/desk/postings", "/desk/account", "/desk/second-factor/set-up"):
        assert get(client, path).location.startswith("/desk/second-factor"), path
    wrong = post(client, "/desk/second-factor", asked.location, code="000000")
    assert wrong.status_code == 422
    done = post(client, "/desk/second-factor", asked.location, code=recovery[0], next="//evil.example")
    assert (done.status_code, done.location) == (303, "/desk/")
    cookies = {c.split("=")[0]: c for c in done.headers.getlist("Set-Cookie")}
    assert all("HttpOnly" in c and "Secure" in c and "SameSite=Strict" in c for c in cookies.values())
    assert KNOWN_COOKIE in cookies
    assert get(client, "/desk/postings").status_code == 200
    assert code(strict, secret)


def test_a_sign_in_that_owes_a_step_is_not_taken_by_the_forms_of_another(strict: World) -> None:
    client = strict.client()
    typed(client)
    page = "/desk/second-factor/set-up"
    for action in ("/desk/second-factor", "/desk/second-factor/passkey", "/desk/second-factor/passkey-options"):
        assert post(client, action, page, code="000000").status_code == 422
    for action in ("/desk/account/passphrase", "/desk/accounts", "/desk/account/recovery-codes"):
        assert post(client, action, page).status_code == 303


def test_what_changes_the_account_asks_for_the_passphrase_again(strict: World) -> None:
    client = strict.client()
    assert typed(client, "office").location == "/desk/"
    page = "/desk/account"
    for action in ("passphrase", "authenticator", "recovery-codes", "passkey-options", "passkeys/removal"):
        for passphrase in ("", "not the right one"):
            assert post(client, f"/desk/account/{action}", page, passphrase=passphrase).status_code == 400, action
    weak = {"passphrase": PASSPHRASE, "new": "123456789012", "again": "123456789012"}
    strict.clock.move(minutes=16)
    typed(client, "office")
    assert post(client, "/desk/account/passphrase", page, **weak).status_code == 422
    good = {"passphrase": PASSPHRASE, "new": "teapot gravel monday", "again": "teapot gravel monday"}
    assert post(client, "/desk/account/passphrase", page, **good).location == "/desk/account?said=account.changed"
    assert strict.client().post(SESSIONS, json={"login": "office", "passphrase": PASSPHRASE}).status_code == 401


# ---- Passkeys ----


class Authenticator:
    """A security key in software: makes one P-256 credential and signs with it, as the standard says."""

    def __init__(self, origin: str = BASE, host: str = "shidi.example") -> None:
        self.origin, self.host = origin, host
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.id = hashlib.sha256(b"credential").digest()
        self.count = 0

    def make(self, options: dict[str, Any]) -> str:
        numbers = self.key.public_key().public_numbers()
        public = {1: 2, 3: -7, -1: 1, -2: numbers.x.to_bytes(32, "big"), -3: numbers.y.to_bytes(32, "big")}
        attested = bytes(16) + len(self.id).to_bytes(2, "big") + self.id + cbor2.dumps(public)
        made = cbor2.dumps({"fmt": "none", "attStmt": {}, "authData": self._data(0x45) + attested})
        return self._answer(self._said("webauthn.create", options), attestationObject=_text(made))

    def use(self, options: dict[str, Any]) -> str:
        self.count += 1
        said, data = self._said("webauthn.get", options), self._data(0x05)
        signature = self.key.sign(data + hashlib.sha256(said).digest(), ec.ECDSA(hashes.SHA256()))
        return self._answer(said, authenticatorData=_text(data), signature=_text(signature), userHandle=None)

    def _data(self, flags: int) -> bytes:
        return hashlib.sha256(self.host.encode()).digest() + bytes([flags]) + self.count.to_bytes(4, "big")

    def _said(self, kind: str, options: dict[str, Any]) -> bytes:
        return json.dumps({"type": kind, "challenge": options["challenge"], "origin": self.origin}).encode()

    def _answer(self, said: bytes, **response: str | None) -> str:
        return json.dumps(
            {
                "id": _text(self.id),
                "rawId": _text(self.id),
                "type": "public-key",
                "response": {"clientDataJSON": _text(said), **response},
                "clientExtensionResults": {},
            }
        )


def _text(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def options(client: FlaskClient, action: str, page: str) -> dict[str, Any]:
    answer = post(client, action, page)
    assert answer.status_code == 200, answer.text
    return dict(answer.get_json())


def with_passkey(world: World, login: str = "org") -> Authenticator:
    client, key, page = world.client(), Authenticator(), "/desk/second-factor/set-up"
    typed(client, login)
    made = key.make(options(client, "/desk/second-factor/new-passkey-options", page))
    done = post(client, "/desk/second-factor/new-passkey", page, answer=made, label="办公室电脑")
    assert len(re.findall(r"<li><code>", done.text)) == 10
    return key


def test_a_passkey_is_made_and_signs_in_once_for_each_challenge(strict: World) -> None:
    key, client = with_passkey(strict), strict.client()
    page = typed(client).location
    signed = key.use(options(client, "/desk/second-factor/passkey-options", page))
    token = csrf(client, page)
    assert post(client, "/desk/second-factor/passkey", page, answer=signed).status_code == 303
    assert get(client, "/desk/postings").status_code == 200
    again = strict.client()
    page = typed(again).location
    options(again, "/desk/second-factor/passkey-options", page)
    assert post(again, "/desk/second-factor/passkey", page, answer=signed).status_code == 422, "replayed"
    assert token


@pytest.mark.parametrize(
    "other", [Authenticator(origin="https://shidi.example.evil"), Authenticator(host="evil.example"), Authenticator()]
)
def test_a_passkey_of_another_site_or_another_key_is_refused(strict: World, other: Authenticator) -> None:
    with_passkey(strict)
    client = strict.client()
    page = typed(client).location
    signed = other.use(options(client, "/desk/second-factor/passkey-options", page))
    assert post(client, "/desk/second-factor/passkey", page, answer=signed).status_code == 422
    for rubbish in ("", "{}", "[]", "null", "\x00", '{"id":"x"}', "{" * 2000):
        assert post(client, "/desk/second-factor/passkey", page, answer=rubbish).status_code in (422, 429)


def test_a_passkey_of_one_account_does_not_sign_in_another(strict: World) -> None:
    key = with_passkey(strict, "org")
    set_up(strict, "org2")
    client = strict.client()
    page = typed(client, "org2").location
    signed = key.use(options(client, "/desk/second-factor/passkey-options", page))
    assert post(client, "/desk/second-factor/passkey", page, answer=signed).status_code == 422


# ---- Phones ----


def test_a_square_code_lets_a_phone_in_once_and_a_copied_one_does_not(make_world: Callable[..., World]) -> None:
    world = make_world(new_phones="invited")
    desk = world.client()
    typed(desk, "office")
    lin = world.actor("lin").account_id
    shown = post(desk, f"/desk/accounts/{lin}/invitation", "/desk/account")
    found = re.search(r'data-says="https://shidi.example/field/#/sign-in/([\w-]{43})\.lin"', shown.text)
    assert found is not None, shown.text

    def arrive(invitation: str | None, passphrase: str = PASSPHRASE, login: str = "lin") -> TestResponse:
        device = {"label": "", "public_key": Phone(world.client(), login).key.public_jwk, "invitation": invitation}
        return world.client().post(SESSIONS, json={"login": login, "passphrase": passphrase, "device": device})

    assert arrive(None).get_json()["type"] == "/problems/enrolment-needed"
    assert arrive(found[1], passphrase="wrong wrong wrong").status_code == 401, "the square alone lets nobody in"
    assert arrive(found[1], login="chen").status_code == 403, "nor somebody else"
    assert arrive(found[1]).status_code == 201
    assert arrive(found[1]).get_json()["type"] == "/problems/enrolment-needed", "and no second phone"


def test_a_lost_phone_is_told_so_and_its_records_stay(world: World) -> None:
    phone = world.phone("lin")
    [device] = phone.get("me/devices").get_json()["items"]
    office = world.phone("office")
    assert office.post(f"devices/{device['id']}/revocation", {"reason": "lost"}).status_code == 200
    assert phone.get("me").get_json()["type"] == "/problems/device-revoked"
    assert phone.sign_in().get_json()["type"] == "/problems/device-revoked"
    assert Phone(world.client(), "lin").sign_in().status_code == 201


# ---- Cookies, other sites, other people's things ----


def test_a_session_cannot_be_planted(strict: World) -> None:
    """Fixation: a cookie that was there before the sign-in is not the one that is signed in."""
    client = strict.client()
    planted = "A" * 43
    client.set_cookie(SESSION_COOKIE, planted, domain="shidi.example")
    answer = typed(client, "office")
    assert answer.status_code == 303
    kept = client.get_cookie(SESSION_COOKIE, domain="shidi.example")
    assert kept is not None
    assert kept.value != planted
    other = strict.client()
    other.set_cookie(SESSION_COOKIE, planted, domain="shidi.example")
    assert get(other, "/desk/account").status_code == 303


def test_a_desk_left_alone_for_half_an_hour_is_signed_out(strict: World) -> None:
    client = strict.client()
    typed(client, "office")
    for _ in range(3):
        strict.clock.move(minutes=20)
        assert get(client, "/desk/account").status_code == 200
    strict.clock.move(minutes=30)
    assert get(client, "/desk/account").location.startswith("/desk/sign-in")


def test_a_request_beyond_the_role_is_in_the_audit_with_whence(world: World) -> None:
    phone = world.phone("lin")
    assert phone.get("postings").status_code == 403
    lines = world.phone("discipline").get("audit").get_json()["items"]
    [line] = [one for one in lines if one["act"] == "request.refused"]
    assert (line["login"], line["address"], line["result"]) == ("lin", "127.0.0.1", "refused")
    assert line["detail"] == {"method": "GET", "route": "/api/v1/postings"}
    assert line["device_id"]


def test_the_audit_page_narrows_down_and_pages(world: World) -> None:
    world.phone("lin")
    client = world.client()
    typed(client, "discipline")
    shown = get(client, "/desk/audit?login=lin&act=sign_in").text
    assert "account:lin" in shown
    assert "account:discipline" not in shown
    assert get(client, "/desk/audit?cursor=nonsense").status_code == 400
    assert "account:lin" not in get(client, "/desk/audit?result=refused").text


def test_an_admins_pages_make_close_and_help_accounts(world: World) -> None:
    admin = world.client()
    typed(admin, "admin")
    form = {"login": "pinggu", "name": "评估员", "role": "inspector", "division": COUNTY, "unit": "第三方"}
    page = "/desk/accounts"
    half = {**form, "approval": "闽评〔2026〕3号"}
    assert post(admin, page, page, **half).status_code == 422
    made = post(admin, page, page, **half, ends_on="2026-05-12")
    drawn = re.search(r"[a-z2-9]{5}(?:-[a-z2-9]{5}){3}", made.text)
    assert drawn is not None
    assert post(admin, page, page, **form).status_code == 409
    who = {"login": "pinggu", "passphrase": drawn[0]}
    assert world.client().post(SESSIONS, json=who).status_code == 201
    world.clock.move(days=1)
    assert world.client().post(SESSIONS, json=who).status_code == 401, "the last day is over"
    typed(admin, "admin")
    lin = f"/desk/accounts/{world.actor('lin').account_id}"
    assert "lin" in get(admin, lin).text
    again = re.search(r"[a-z2-9]{5}(?:-[a-z2-9]{5}){3}", post(admin, f"{lin}/new-passphrase", lin).text)
    assert again is not None
    assert world.client().post(SESSIONS, json={"login": "lin", "passphrase": again[0]}).status_code == 201
    assert post(admin, f"{lin}/closing", lin).status_code == 303
    assert world.client().post(SESSIONS, json={"login": "lin", "passphrase": again[0]}).status_code == 401
