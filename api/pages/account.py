"""Signing in and out at the desk, the language of the pages, and the files they are dressed in."""

from urllib.parse import quote

from flask import Response, redirect, request
from werkzeug.wrappers import Response as AnyResponse

from api.http.gzipped import gzipped_file
from api.http.house import house, now_utc
from api.http.signin import check_csrf, clear_session_cookie, current_token, open_session
from api.pages.blueprint import desk
from api.pages.frame import HOME, LANGUAGE_COOKIE, inside_desk, page, spoken
from api.pages.second_factor import to_next_step
from api.pages.words import LANGUAGES, WEB
from visits.access import SignInRefused, TooManyTries, sign_out

SIGN_IN = "/desk/sign-in"
ONE_YEAR_S = 365 * 24 * 3600


def to_sign_in(wanted: str) -> AnyResponse:
    """The way to the sign-in page and, after it, back to what was wanted."""
    return redirect(f"{SIGN_IN}?next={quote(wanted, safe='/')}", 303)


@desk.get("/sign-in")
def show_sign_in() -> Response:
    """The form that asks who is there."""
    wanted = inside_desk(request.args.get("next"))
    notice = spoken().t("sign_out.done" if "out" in request.args else "sign_in.first")
    shown = notice if request.args else ""
    return page("sign_in.html", notice=shown, refused="", login="", next=wanted)


@desk.post("/sign-in")
def take_sign_in() -> AnyResponse:
    """Check login and passphrase; guessing is slowed down as for phones."""
    check_csrf()
    login, wanted = request.form.get("login", "")[:64], inside_desk(request.form.get("next"))
    try:
        found = open_session(login, request.form.get("passphrase", "")[:200])
    except TooManyTries as reason:
        said = spoken().t("sign_in.too_many", seconds=reason.retry_after_s)
        return page("sign_in.html", status=429, notice="", refused=said, login=login, next=wanted)
    except SignInRefused:
        said = spoken().t("sign_in.refused")
        return page("sign_in.html", status=401, notice="", refused=said, login=login, next=wanted)
    return to_next_step(found, wanted)


@desk.post("/sign-out")
def take_sign_out() -> AnyResponse:
    """End the sign-in at once, here and at the server."""
    check_csrf()
    with house().store.writing() as uow:
        sign_out(uow, current_token() or "", at_utc=now_utc())
    answer = redirect(f"{SIGN_IN}?out=1", 303)
    clear_session_cookie(answer)
    return answer


@desk.get("/language/<language>")
def choose_language(language: str) -> AnyResponse:
    """Go back to the same page in the other language."""
    answer = redirect(inside_desk(request.args.get("back")), 303)
    if language in LANGUAGES:
        answer.set_cookie(
            LANGUAGE_COOKIE,
            language,
            max_age=ONE_YEAR_S,
            httponly=True,
            samesite="Lax",
            secure=request.is_secure,
            path=HOME,
        )
    return answer


@desk.get("/static/<path:name>")
def static_file(name: str) -> Response:
    """Style, scripts and mark of the desk."""
    return gzipped_file(WEB / "desk" / "static", name)


@desk.get("/vendor/<path:name>")
def vendor_file(name: str) -> Response:
    """Third-party files as they were vendored."""
    return gzipped_file(WEB / "vendor", name)
