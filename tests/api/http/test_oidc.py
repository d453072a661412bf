"""Signing in at a provider of OpenID Connect: a small one runs here, and lies in every way it can."""

import base64
import hashlib
import json
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any, ClassVar
from urllib.parse import parse_qs, urlsplit

import pytest
from flask.testing import FlaskClient
from joserfc import jwt
from joserfc.jwk import ECKey, RSAKey
from werkzeug.test import TestResponse

from tests.api.world import World
from visits.access import actor_named, link_outside

BASE = "https://shidi.example"
CLIENT = "shidi"


class Provider:
    """A provider with one person; ``claims``, ``key`` and ``described`` may be spoiled by a test."""

    def __init__(self) -> None:
        self.key: Any = ECKey.generate_key("P-256", {"kid": "one"})
        self.claims: dict[str, Any] = {}
        self.header: dict[str, Any] = {"alg": "ES256", "kid": "one"}
        self.codes: dict[str, dict[str, str]] = {}
        self.described: dict[str, Any] = {}
        self.now_s = 0
        handler = type("Handler", (_Handler,), {"provider": self})
        self.server = HTTPServer(("127.0.0.1", 0), handler)
        self.issuer = f"http://127.0.0.1:{self.server.server_port}"

    def sign_in_there(self, address: str) -> str:
        """What the person does at the provider; the query it sends the browser back with."""
        asked = {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}
        assert asked["response_type"] == "code"
        assert asked["redirect_uri"] == f"{BASE}/desk/outside/return"
        self.codes["the-code"] = asked
        return f"code=the-code&state={asked['state']}"

    def token_for(self, form: dict[str, str]) -> dict[str, Any]:
        asked = self.codes.pop(form["code"])
        challenge = base64.urlsafe_b64encode(hashlib.sha256(form["code_verifier"].encode()).digest()).rstrip(b"=")
        assert challenge.decode() == asked["code_challenge"]
        assert form["client_secret"] == "between us"
        said = {
            "iss": self.issuer,
            "aud": CLIENT,
            "sub": "lin-at-the-provider",
            "nonce": asked["nonce"],
            "iat": self.now_s,
            "exp": self.now_s + 300,
            **self.claims,
        }
        claims = {name: value for name, value in said.items() if value is not None}
        if self.header["alg"] == "none":
            parts = [base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=") for part in (self.header, claims)]
            return {"id_token": b".".join([*parts, b""]).decode()}
        return {"id_token": jwt.encode(self.header, claims, self.key, algorithms=[self.header["alg"]])}

    def keys(self) -> dict[str, Any]:
        return {"keys": [self.key.as_dict(private=False)]}


class _Handler(BaseHTTPRequestHandler):
    provider: ClassVar[Provider]

    def do_GET(self) -> None:
        here = self.provider.issuer
        known = {
            "issuer": here,
            "authorization_endpoint": f"{here}/authorize",
            "token_endpoint": f"{here}/token",
            "jwks_uri": f"{here}/jwks",
            **self.provider.described,
        }
        self._answer(known if self.path.startswith("/.well-known/") else self.provider.published)

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        form = {name: values[0] for name, values in parse_qs(body).items()}
        self._answer(
            self.provider.token_for(form) if form["code"] in self.provider.codes else {"error": "invalid_grant"}
        )

    def _answer(self, body: dict[str, Any]) -> None:
        said = json.dumps(body).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(said)))
        self.end_headers()
        self.wfile.write(said)

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


@pytest.fixture
def provider() -> Iterator[Provider]:
    made = Provider()
    made.published = made.keys()
    thread = threading.Thread(target=made.server.serve_forever, daemon=True)
    thread.start()
    yield made
    made.server.shutdown()
    made.server.server_close()
    thread.join(5)


@pytest.fixture
def world(make_world: Callable[..., World], provider: Provider) -> World:
    made = make_world(
        second_factor="required",
        public_url=BASE,
        oidc_issuer=provider.issuer,
        oidc_client_id=CLIENT,
        oidc_client_secret="between us",
    )
    provider.now_s = int(made.clock().timestamp())
    with made.store.writing() as uow:
        admin = actor_named(uow, "admin")
        for login in ("lin", "org"):
            subject = f"{login}-at-the-provider"
            link_outside(uow, admin, login, issuer=provider.issuer, subject=subject, at_utc=made.clock())
    return made


def go(client: FlaskClient, provider: Provider, wanted: str = "/desk/") -> TestResponse:
    there = client.get(f"/desk/outside?next={wanted}", base_url=BASE)
    assert there.location.startswith(f"{provider.issuer}/authorize?"), there.text
    return client.get(f"/desk/outside/return?{provider.sign_in_there(there.location)}", base_url=BASE)


def is_in(client: FlaskClient) -> bool:
    return client.get("/desk/account", base_url=BASE).status_code == 200


def test_who_is_linked_signs_in_there_and_comes_back_to_the_page_that_was_wanted(
    world: World, provider: Provider
) -> None:
    client = world.client()
    back = go(client, provider, "/desk/assignments")
    assert back.status_code == 200
    assert 'content="0;url=/desk/assignments"' in back.text
    assert is_in(client)


def test_the_second_factor_is_owed_all_the_same(world: World, provider: Provider) -> None:
    provider.claims = {"sub": "org-at-the-provider"}
    client = world.client()
    assert "/desk/second-factor/set-up" in go(client, provider).text
    assert client.get("/desk/postings", base_url=BASE).location == "/desk/second-factor/set-up"


@pytest.mark.parametrize(
    "claims",
    [
        {"sub": "somebody-else"},
        {"sub": None},
        {"sub": ["lin-at-the-provider"]},
        {"iss": "https://evil.example"},
        {"aud": "another-client"},
        {"aud": ["shidi", "another"]},
        {"nonce": "another"},
        {"nonce": None},
        {"exp": 1},
        {"iat": 4102444800},
    ],
    ids=str,
)
def test_a_token_that_does_not_hold_lets_nobody_in(world: World, provider: Provider, claims: dict[str, Any]) -> None:
    provider.claims = claims
    client = world.client()
    assert go(client, provider).status_code == 401
    assert not is_in(client)


def test_a_token_signed_by_another_key_or_by_none_lets_nobody_in(world: World, provider: Provider) -> None:
    client = world.client()
    provider.key = ECKey.generate_key("P-256", {"kid": "one"})
    assert go(client, provider).status_code == 401
    provider.header = {"alg": "none"}
    assert go(client, provider).status_code == 401
    assert not is_in(client)


def test_another_kind_of_key_is_taken_when_the_provider_publishes_it(world: World, provider: Provider) -> None:
    provider.key = RSAKey.generate_key(2048, {"kid": "two"})
    provider.header = {"alg": "RS256", "kid": "two"}
    provider.published = provider.keys()
    client = world.client()
    assert go(client, provider).status_code == 200
    assert is_in(client)


def test_an_answer_is_taken_once_and_in_the_browser_it_began_in(world: World, provider: Provider) -> None:
    client, other = world.client(), world.client()
    there = client.get("/desk/outside", base_url=BASE).location
    query = provider.sign_in_there(there)
    assert other.get(f"/desk/outside/return?{query}", base_url=BASE).status_code == 401
    assert client.get(f"/desk/outside/return?{query}", base_url=BASE).status_code == 200
    assert client.get(f"/desk/outside/return?{query}", base_url=BASE).status_code == 401
    for rubbish in ("", "state=", "code=x", "state=x&code=y", "error=access_denied"):
        assert world.client().get(f"/desk/outside/return?{rubbish}", base_url=BASE).status_code == 401


def test_a_provider_that_is_away_or_says_it_is_another_is_told_at_the_desk(world: World, provider: Provider) -> None:
    provider.described = {"issuer": "https://evil.example"}
    assert world.client().get("/desk/outside", base_url=BASE).status_code == 401
    provider.described = {"token_endpoint": "file:///etc/passwd"}
    assert world.client().get("/desk/outside", base_url=BASE).status_code == 401
    provider.server.shutdown()
    provider.server.server_close()
    assert world.client().get("/desk/outside", base_url=BASE).status_code == 401


def test_without_a_provider_there_is_no_such_page(make_world: Callable[..., World]) -> None:
    client = make_world().client()
    assert client.get("/desk/outside").status_code == 404
    assert "/desk/outside" not in client.get("/desk/sign-in").text
