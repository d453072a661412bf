"""Signing in at a provider of OpenID Connect, where one is set up, and coming back from there."""

from flask import Response, redirect, request
from werkzeug.exceptions import NotFound
from werkzeug.wrappers import Response as AnyResponse

from api.http.house import house, now_utc
from api.http.signin import caller_address, mark_browser_known, set_session_cookie, sign_in_rules
from api.pages.blueprint import desk
from api.pages.frame import inside_desk, page, spoken
from api.pages.second_factor import next_step_of
from api.provider import subject_of, way_there
from visits.access import (
    OutsideSignInFailed,
    SignInRefused,
    Stage,
    begin_outside,
    note_refused,
    proven_outside,
    sign_in,
    take_outside,
)

# Not "strict" like the others: it must come along when the provider sends the browser back.
FLOW_COOKIE = "shidi_outside"


@desk.get("/outside")
def go_outside() -> AnyResponse:
    """Send the browser to the provider."""
    _must_be_set_up()
    with house().store.writing() as uow:
        flow = begin_outside(uow, wanted=inside_desk(request.args.get("next")), at_utc=now_utc())
    try:
        there = way_there(house().settings, flow, _return_url())
    except OutsideSignInFailed:
        return _refused()
    answer = redirect(there, 303)
    answer.set_cookie(
        FLOW_COOKIE,
        flow.browser,
        max_age=600,
        httponly=True,
        secure=request.is_secure,
        samesite="Lax",
        path="/desk/outside",
    )
    return answer


@desk.get("/outside/return")
def come_back() -> AnyResponse:
    """Take the provider's answer; whoever it vouches for is signed in, and still owes a second factor where one is due.

    The answer is a page that goes on by itself: cookies that no other site may send are not sent on the way from one.
    """
    _must_be_set_up()
    settings, at_utc, address = house().settings, now_utc(), caller_address()
    try:
        with house().store.writing() as uow:
            flow = take_outside(uow, request.args.get("state", ""), request.cookies.get(FLOW_COOKIE, ""), at_utc=at_utc)
        code = request.args.get("code", "")
        subject = subject_of(settings, flow, code, _return_url(), now_s=int(at_utc.timestamp()))
        with house().store.writing() as uow:
            proven = proven_outside(uow, issuer=settings.oidc_issuer or "", subject=subject)
            signed_in = sign_in(uow, proven, rules=sign_in_rules(), address=address, at_utc=at_utc)
    except (OutsideSignInFailed, SignInRefused):
        with house().store.writing() as uow:
            note_refused(uow, login="", act="sign_in.outside", address=address, at_utc=at_utc)
        return _refused()
    answer = page("outside.html", go_on=next_step_of(signed_in, flow.wanted))
    answer.delete_cookie(FLOW_COOKIE, path="/desk/outside", httponly=True, secure=request.is_secure, samesite="Lax")
    set_session_cookie(answer, signed_in.token, signed_in.expires_utc)
    if signed_in.stage is Stage.FULL:
        mark_browser_known(answer, signed_in.actor)
    return answer


def _must_be_set_up() -> None:
    if house().settings.oidc_issuer is None or house().settings.oidc_client_id is None:
        raise NotFound


def _return_url() -> str:
    return f"{house().settings.public_url or request.host_url.rstrip('/')}/desk/outside/return"


def _refused() -> Response:
    said = spoken().t("sign_in.outside_refused")
    return page("sign_in.html", status=401, notice="", refused=said, login="", next="/desk/")
