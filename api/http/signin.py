"""Who asks: the token of a request, the account behind it, and proof that our own page sent the form."""

import hashlib
import hmac
import re
import secrets
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from flask import Response, g, request
from werkzeug.wrappers import Response as AnyResponse

from api.http.errors import CrossSiteRequest
from api.http.house import house, now_utc
from visits.access import (
    Actor,
    NotSignedIn,
    SignedIn,
    SignInRefused,
    actor_of_token,
    note_wrong_passphrase,
    prove_passphrase,
    sign_in,
)

SESSION_COOKIE = "shidi_session"
# A visitor who has not signed in yet has no token to tie a form to; this cookie stands in for it.
VISITOR_COOKIE = "shidi_visitor"
CSRF_FIELD = "csrf_token"
CSRF_HEADER = "X-CSRF-Token"

_SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
_TOKEN = re.compile(r"\A[A-Za-z0-9_-]{20,200}\Z")


def current_actor() -> Actor:
    """The signed-in account of this request, looked up once; raises ``NotSignedIn`` when there is none."""
    if "actor" not in g:
        token = current_token()
        if token is None:
            raise NotSignedIn("please sign in")
        with house().store.reading() as uow:
            g.actor = actor_of_token(uow, token, at_utc=now_utc())
    actor: Actor = g.actor
    return actor


def current_token() -> str | None:
    """The token this request carries, from the header of a phone or the cookie of a desk page."""
    bearer = _bearer_token()
    return bearer if bearer is not None else _cookie(SESSION_COOKIE)


def open_session(
    login: str, passphrase: str, *, device_label: str | None = None, device_key: Mapping[str, Any] | None = None
) -> SignedIn:
    """A fresh sign-in of a phone or a desk page; guessing is slowed down, and every wrong guess is noted."""
    address, at_utc = request.remote_addr or "", now_utc()
    house().throttle.check(login, address, at_utc)
    if "\0" in login + passphrase:  # a form may hold what no database stores
        raise SignInRefused("login or passphrase is wrong, or the account has ended")
    try:
        with house().store.reading() as uow:
            proven = prove_passphrase(uow, login=login, passphrase=passphrase, at_utc=at_utc)
        with house().store.writing() as uow:
            signed_in = sign_in(uow, proven, device_label=device_label, device_key=device_key, at_utc=at_utc)
    except SignInRefused:
        house().throttle.count_wrong(login, address, at_utc)
        with house().store.writing() as uow:
            note_wrong_passphrase(uow, login=login, at_utc=at_utc)
        raise
    house().throttle.forget(login, address)
    return signed_in


def require_sign_in() -> None:
    """Let only signed-in requests pass; a cookie alone changes nothing without the token of our own page.

    A browser adds cookies to whatever another site makes it send, but cannot be made to add a bearer token, so only
    requests that rest on the cookie are asked for the second proof.
    """
    if request.method == "OPTIONS":
        return
    current_actor()
    if _bearer_token() is None and request.method not in _SAFE_METHODS:
        check_csrf()


def csrf_token() -> str:
    """The token a form of our own page carries, tied to the visitor's session."""
    return hmac.new(_csrf_secret().encode(), b"shidi csrf", hashlib.sha256).hexdigest()


def check_csrf() -> None:
    """Raise unless the form field or header holds the token of this session."""
    given = request.headers.get(CSRF_HEADER) or request.form.get(CSRF_FIELD) or ""
    known = _cookie(SESSION_COOKIE) or _cookie(VISITOR_COOKIE)
    if known is None or not hmac.compare_digest(given.encode(), csrf_token().encode()):
        raise CrossSiteRequest("this form was not sent from our own page, or the page is too old; load it again")


def set_session_cookie(response: AnyResponse, token: str, expires_utc: datetime) -> None:
    """Keep the sign-in of a desk page where no script can read it."""
    response.set_cookie(
        SESSION_COOKIE, token, expires=expires_utc, httponly=True, secure=request.is_secure, samesite="Strict", path="/"
    )


def clear_session_cookie(response: AnyResponse) -> None:
    """Forget the sign-in of a desk page."""
    response.delete_cookie(SESSION_COOKIE, httponly=True, secure=request.is_secure, samesite="Strict", path="/")


def keep_visitor_cookie(response: Response) -> Response:
    """Give a visitor the cookie that the form just shown to them is tied to; runs after every request."""
    seed = g.get("new_visitor")
    if seed is not None:
        response.set_cookie(VISITOR_COOKIE, seed, httponly=True, secure=request.is_secure, samesite="Strict", path="/")
    return response


def _csrf_secret() -> str:
    known = _cookie(SESSION_COOKIE) or _cookie(VISITOR_COOKIE)
    if known is None:
        if "new_visitor" not in g:
            g.new_visitor = secrets.token_urlsafe(32)
        known = g.new_visitor
    return str(known)


def _bearer_token() -> str | None:
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "bearer":
        return None
    # A malformed token is a token all the same: it must not fall back to the cookie. It simply opens nothing.
    return token if _TOKEN.match(token) else "malformed"


def _cookie(name: str) -> str | None:
    value = request.cookies.get(name, "")
    return value if _TOKEN.match(value) else None
