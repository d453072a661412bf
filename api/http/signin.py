"""Who asks: the token of a request, the account behind it, and proof that our own page sent the form."""

import hashlib
import hmac
import logging
import re
import secrets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any

from flask import Response, g, request
from werkzeug.wrappers import Response as AnyResponse

from api.http.errors import CrossSiteRequest
from api.http.house import house, now_utc
from visits.access import (
    BROWSER_REMEMBERED,
    Actor,
    NotSignedIn,
    PasskeyRefused,
    Proven,
    SecondFactorNeeded,
    Session,
    SignedIn,
    SignInRefused,
    SignInRules,
    Stage,
    WrongCode,
    account_of_login,
    actor_of_session,
    begin_try,
    complete,
    forget_tries,
    headings_of_factor,
    headings_of_sign_in,
    keep_alive,
    known_place,
    note,
    note_refused,
    prove_passphrase,
    remember_browser,
    session_of_token,
    sign_in,
    sign_out,
    use_code,
)
from visits.store import StoreBusy, StoreUnavailable

logger = logging.getLogger(__name__)

SESSION_COOKIE = "shidi_session"
# A visitor who has not signed in yet has no token to tie a form to; this cookie stands in for it.
VISITOR_COOKIE = "shidi_visitor"
# Marks a browser as one an account has signed in with, so that strangers' wrong guesses do not shut it out.
KNOWN_COOKIE = "shidi_known"
CSRF_FIELD = "csrf_token"
CSRF_HEADER = "X-CSRF-Token"

_SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
_TOKEN = re.compile(r"\A[A-Za-z0-9_-]{20,200}\Z")


def current_actor() -> Actor:
    """The signed-in account of this request; raises ``NotSignedIn``, or what the sign-in still owes."""
    return actor_of_session(current_session())


def current_session() -> Session:
    """The sign-in of this request, looked up once, whatever it still owes; raises ``NotSignedIn``."""
    if "session" not in g:
        token = current_token()
        if token is None:
            raise NotSignedIn("please sign in")
        at_utc, idle = now_utc(), sign_in_rules().desk_idle
        with house().store.reading() as uow:
            g.session = session_of_token(uow, token, at_utc=at_utc, desk_idle=idle, address=caller_address())
        if g.session.seen_is_old:
            _keep_alive(token, at_utc)
    session: Session = g.session
    return session


def current_token() -> str | None:
    """The token this request carries, from the header of a phone or the cookie of a desk page."""
    bearer = _bearer_token()
    return bearer if bearer is not None else _cookie(SESSION_COOKIE)


def sign_in_rules() -> SignInRules:
    """What this installation asks of a sign-in."""
    settings = house().settings
    return SignInRules(
        second_factor_required=settings.second_factor == "required",
        phones_by_invitation=settings.new_phones == "invited",
        desk_idle=timedelta(minutes=settings.desk_idle_minutes),
    )


def open_session(
    login: str,
    passphrase: str,
    *,
    device_label: str | None = None,
    device_key: Mapping[str, Any] | None = None,
    enrolment: str | None = None,
) -> SignedIn:
    """A fresh sign-in of a phone or a desk page; guessing is slowed down, and every wrong guess is noted."""
    if "\0" in login + passphrase:  # a form may hold what no database stores
        raise SignInRefused("login or passphrase is wrong, or the account has ended")
    at_utc = now_utc()
    proven = check_passphrase(login, passphrase, device_key=device_key)
    with house().store.writing() as uow:
        return sign_in(
            uow,
            proven,
            device_label=device_label,
            device_key=device_key,
            enrolment=enrolment,
            rules=sign_in_rules(),
            address=caller_address(),
            at_utc=at_utc,
        )


def check_passphrase(login: str, passphrase: str, *, device_key: Mapping[str, Any] | None = None) -> Proven:
    """Who has proved to be the account; each try is counted before it is judged, and a wrong one noted."""
    at_utc = now_utc()
    with house().store.writing() as uow:
        account_id = account_of_login(uow, login)
        known = known_place(uow, account_id, _cookie(KNOWN_COOKIE), device_key, at_utc=at_utc)
        headings = headings_of_sign_in(login, request.remote_addr or "", account_id, known)
        begin_try(uow, headings, at_utc=at_utc)
    try:
        with house().store.reading() as uow:
            proven = prove_passphrase(uow, login=login, passphrase=passphrase, at_utc=at_utc)
    except SignInRefused:
        with house().store.writing() as uow:
            note_refused(uow, login=login, address=caller_address(), at_utc=at_utc)
        raise
    with house().store.writing() as uow:
        forget_tries(uow, headings)
    return proven


def open_session_at_once(login: str, passphrase: str, code: str | None, **phone: Any) -> SignedIn:
    """The sign-in of a program, which gives the code of the second factor along where one is owed."""
    signed_in = open_session(login, passphrase, **phone)
    if signed_in.stage is not Stage.FACTOR:
        return signed_in
    try:
        if code is None:
            raise SecondFactorNeeded("give the code of the authenticator, or a recovery code, as `code`")
        return complete_by_code(signed_in.actor, signed_in.token, code)
    except (SecondFactorNeeded, WrongCode):
        with house().store.writing() as uow:
            sign_out(uow, signed_in.token, at_utc=now_utc())
        raise


def complete_by_code(actor: Actor, token: str, code: str) -> SignedIn:
    """The full sign-in after the second step; raises ``WrongCode``, and ``TooManyTries`` after some of these."""
    with count_code_try(actor), house().store.writing() as uow:
        how = use_code(uow, actor.account_id, code, at_utc=now_utc())
    return complete_session(token, how)


def complete_session(token: str, how: str) -> SignedIn:
    """The full sign-in in the place of one that owed a step which has just been made."""
    with house().store.writing() as uow:
        return complete(uow, token, how=how, address=caller_address(), at_utc=now_utc())


@contextmanager
def count_code_try(actor: Actor) -> Iterator[None]:
    """Count a try at the second factor before it is judged; one that goes wrong inside is noted."""
    at_utc = now_utc()
    with house().store.writing() as uow:
        known = known_place(uow, actor.account_id, _cookie(KNOWN_COOKIE), None, at_utc=at_utc)
        headings = headings_of_factor(actor.account_id, known)
        begin_try(uow, headings, at_utc=at_utc)
    try:
        yield
    except (WrongCode, PasskeyRefused):
        with house().store.writing() as uow:
            note_refused(uow, login=actor.login, act="sign_in.second_factor", address=caller_address(), at_utc=at_utc)
        raise
    with house().store.writing() as uow:
        forget_tries(uow, headings)


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


def mark_browser_known(response: AnyResponse, actor: Actor) -> None:
    """Remember, after a whole sign-in, that this browser is one the account uses."""
    with house().store.writing() as uow:
        token = remember_browser(uow, actor.account_id, _cookie(KNOWN_COOKIE), at_utc=now_utc())
    response.set_cookie(
        KNOWN_COOKIE,
        token,
        max_age=BROWSER_REMEMBERED,
        httponly=True,
        secure=request.is_secure,
        samesite="Strict",
        path="/",
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


def note_refusals(response: Response) -> Response:
    """Put a request beyond a role into the audit chain, with whom and from where; runs after every request."""
    session: Session | None = g.get("session")
    if response.status_code != 403 or session is None:
        return response
    # The route and not the address: that may name a thing of another county, which this chain must not tell.
    actor, said = session.actor, {"method": request.method, "route": str(request.url_rule or "")}
    about = f"account:{actor.login}"
    try:
        with house().store.writing() as uow:
            note(uow, actor, "request.refused", about=about, result="refused", detail=said, at_utc=now_utc())
    except (StoreBusy, StoreUnavailable) as reason:
        logger.warning("a refused request could not be noted: %s", reason)
    return response


def caller_address() -> str | None:
    """Where this request comes from, as the audit keeps it."""
    return (request.remote_addr or "")[:45] or None


def _keep_alive(token: str, at_utc: datetime) -> None:
    """Write down that the sign-in is used; a store that cannot write now must not keep anybody from reading."""
    try:
        with house().store.writing() as uow:
            keep_alive(uow, token, at_utc=at_utc)
    except (StoreBusy, StoreUnavailable) as reason:
        logger.warning("a sign-in could not be kept alive: %s", reason)


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
