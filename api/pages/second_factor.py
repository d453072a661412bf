"""The second step of a sign-in at the desk, and the setting up of what that step asks for."""

from urllib.parse import quote, urlsplit

from flask import Response, redirect, request
from werkzeug.wrappers import Response as AnyResponse

from api.http.house import house, now_utc
from api.http.signin import (
    check_csrf,
    complete_by_code,
    complete_session,
    count_code_try,
    current_session,
    current_token,
    mark_browser_known,
    set_session_cookie,
)
from api.pages.blueprint import desk
from api.pages.frame import inside_desk, page, spoken
from visits.access import (
    PasskeyRefused,
    Session,
    SignedIn,
    Site,
    Stage,
    TooManyTries,
    WrongCode,
    add_passkey,
    app_being_set_up,
    begin_app,
    confirm_app,
    factors_of,
    new_recovery_codes,
    registration_options,
    sign_in_options,
    use_passkey,
)

SECOND_STEP = "/desk/second-factor"
SET_UP = "/desk/second-factor/set-up"


def site() -> Site | None:
    """Where passkeys are good: at the public address, or on this very machine while there is none."""
    public = house().settings.public_url
    if public is not None:
        return Site(urlsplit(public).hostname or "", public)
    here = urlsplit(request.host_url)
    return Site("localhost", request.host_url.rstrip("/")) if here.hostname == "localhost" else None


def to_next_step(signed_in: SignedIn, wanted: str) -> AnyResponse:
    """On to what a fresh sign-in still owes, or to the page that was wanted; its cookie is set either way."""
    answer = redirect(next_step_of(signed_in, wanted), 303)
    set_session_cookie(answer, signed_in.token, signed_in.expires_utc)
    if signed_in.stage is Stage.FULL:
        mark_browser_known(answer, signed_in.actor)
    return answer


def next_step_of(signed_in: SignedIn, wanted: str) -> str:
    """The page of what a sign-in still owes, or the one that was wanted."""
    owed = {Stage.FACTOR: SECOND_STEP, Stage.SET_UP: SET_UP}.get(signed_in.stage)
    return f"{owed}?next={quote(wanted, safe='/')}" if owed else wanted


@desk.get("/second-factor")
def show_second_step() -> AnyResponse:
    """The form for a code, and the button for a passkey."""
    session, wanted = current_session(), inside_desk(request.args.get("next"))
    if session.stage is not Stage.FACTOR:
        return redirect(wanted, 303)
    return _second_step(session, wanted)


@desk.post("/second-factor")
def take_code() -> AnyResponse:
    """Check a code of the app, or one for recovery."""
    session, wanted = _owing(Stage.FACTOR), inside_desk(request.form.get("next"))
    try:
        done = complete_by_code(session.actor, current_token() or "", request.form.get("code", "")[:100])
    except TooManyTries as reason:
        told = spoken().t("sign_in.too_many", seconds=reason.retry_after_s)
        return _second_step(session, wanted, status=429, refused=told)
    except WrongCode:
        return _second_step(session, wanted, status=422, refused=spoken().t("factor.wrong_code"))
    return to_next_step(done, wanted)


@desk.post("/second-factor/passkey-options")
def give_passkey_options() -> Response:
    """What the browser needs to sign with a passkey."""
    session, here, token = _owing(Stage.FACTOR), _site(), current_token() or ""
    with house().store.writing() as uow:
        options = sign_in_options(uow, session.actor.account_id, token, here, at_utc=now_utc())
    return Response(options, mimetype="application/json")


@desk.post("/second-factor/passkey")
def take_passkey() -> AnyResponse:
    """Check what a passkey signed."""
    session, here, wanted = _owing(Stage.FACTOR), _site(), inside_desk(request.form.get("next"))
    token, answer = current_token() or "", request.form.get("answer", "")
    try:
        with count_code_try(session.actor), house().store.writing() as uow:
            use_passkey(uow, session.actor.account_id, token, here, answer=answer, at_utc=now_utc())
    except PasskeyRefused:
        return _second_step(session, wanted, status=422, refused=spoken().t("factor.passkey_refused"))
    return to_next_step(complete_session(token, "passkey"), wanted)


@desk.get("/second-factor/set-up")
def show_set_up() -> AnyResponse:
    """What a second factor is, and the square code of the one that is being set up."""
    session, wanted = current_session(), inside_desk(request.args.get("next"))
    if session.stage is Stage.FACTOR:
        return redirect(SECOND_STEP, 303)
    with house().store.reading() as uow:
        begun = app_being_set_up(uow, session.actor)
    return page("set_up_factor.html", begun=begun, next=wanted, refused="", owed=session.stage is Stage.SET_UP)


@desk.post("/second-factor/set-up")
def begin_set_up() -> AnyResponse:
    """Draw a secret for an app. At a sign-in that owes nothing this is done from one's account, with the passphrase."""
    session, wanted = _owing(Stage.SET_UP), inside_desk(request.form.get("next"))
    with house().store.writing() as uow:
        begin_app(uow, session.actor)
    return redirect(f"{SET_UP}?next={quote(wanted, safe='/')}", 303)


@desk.post("/second-factor/confirmation")
def confirm_set_up() -> AnyResponse:
    """Take the app into use by its first code, and show the recovery codes this once."""
    session, wanted = _owing(Stage.SET_UP, Stage.FULL), inside_desk(request.form.get("next"))
    try:
        with count_code_try(session.actor), house().store.writing() as uow:
            codes = confirm_app(uow, session.actor, request.form.get("code", "")[:100], at_utc=now_utc())
    except WrongCode:
        with house().store.reading() as uow:
            begun = app_being_set_up(uow, session.actor)
        said, owed = spoken().t("factor.wrong_first_code"), session.stage is Stage.SET_UP
        return page("set_up_factor.html", status=422, begun=begun, next=wanted, refused=said, owed=owed)
    return _with_codes(session, codes, wanted)


@desk.post("/second-factor/new-passkey-options")
def give_new_passkey_options() -> Response:
    """What the browser needs to make a first passkey."""
    session, here, token = _owing(Stage.SET_UP), _site(), current_token() or ""
    with house().store.writing() as uow:
        options = registration_options(uow, session.actor, token, here, at_utc=now_utc())
    return Response(options, mimetype="application/json")


@desk.post("/second-factor/new-passkey")
def take_new_passkey() -> AnyResponse:
    """Keep a first passkey, and show the recovery codes this once."""
    session, here, wanted = _owing(Stage.SET_UP), _site(), inside_desk(request.form.get("next"))
    said = {"answer": request.form.get("answer", ""), "label": request.form.get("label", "")}
    with house().store.writing() as uow:
        add_passkey(uow, session.actor, current_token() or "", here, **said, at_utc=now_utc())
        codes = new_recovery_codes(uow, session.actor, at_utc=now_utc())
    return _with_codes(session, codes, wanted)


def _owing(*stages: Stage) -> Session:
    """The sign-in of a form that is for these stages only; any other is told that the role does not do this."""
    check_csrf()
    session = current_session()
    if session.stage not in stages:
        raise PasskeyRefused("this step of the sign-in is done or not yet due")
    return session


def _site() -> Site:
    here = site()
    if here is None:
        raise PasskeyRefused("passkeys need the public address of this installation (SHIDI_PUBLIC_URL)")
    return here


def _second_step(session: Session, wanted: str, *, status: int = 200, refused: str = "") -> Response:
    with house().store.reading() as uow:
        has = factors_of(uow, session.actor.account_id)
    can_use_key = bool(has.passkeys) and site() is not None
    return page("second_factor.html", status=status, refused=refused, next=wanted, has=has, can_use_key=can_use_key)


def _with_codes(session: Session, codes: list[str], wanted: str) -> AnyResponse:
    """The page with the recovery codes; a sign-in that owed the set-up is whole from here, under a new token."""
    answer = page("recovery_codes.html", codes=codes, next=wanted)
    if session.stage is Stage.SET_UP:
        done = complete_session(current_token() or "", "set_up")
        set_session_cookie(answer, done.token, done.expires_utc)
        mark_browser_known(answer, done.actor)
    return answer
