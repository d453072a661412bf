"""What goes wrong at the desk, told as a page in the reader's language instead of problem+json."""

import logging

from flask import redirect, request
from werkzeug.exceptions import HTTPException, NotFound
from werkzeug.wrappers import Response as AnyResponse

from api.http.problems import problem_of, request_id
from api.pages.account import to_sign_in
from api.pages.blueprint import desk
from api.pages.frame import HOME, page, spoken
from visits.access import NotSignedIn, SecondFactorMissing, SecondFactorNeeded

logger = logging.getLogger(__name__)

# The statuses that have words of their own; others share those of their neighbour.
_PAGE_OF_STATUS = {
    **dict.fromkeys((400, 405, 413, 415, 422), "400"),
    403: "403",
    404: "404",
    410: "410",
    **dict.fromkeys((409, 412, 423, 428), "409"),
    429: "429",
    **dict.fromkeys((503, 507), "503"),
}


class BadForm(Exception):
    """A form of the desk was filled in a way its page does not offer; ``word`` is what the page then says."""

    def __init__(self, word: str) -> None:
        super().__init__(word)
        self.word = word


@desk.errorhandler(NotSignedIn)
def ask_to_sign_in(error: NotSignedIn) -> AnyResponse:
    """Send whoever is not signed in to the sign-in page, and back afterwards."""
    return to_sign_in(request.full_path.rstrip("?") if request.method == "GET" else HOME)


@desk.errorhandler(SecondFactorNeeded)
def ask_for_second_step(error: SecondFactorNeeded) -> AnyResponse:
    """Send whoever has typed the passphrase only to the second step of the sign-in."""
    return redirect("/desk/second-factor", 303)


@desk.errorhandler(SecondFactorMissing)
def ask_to_set_up(error: SecondFactorMissing) -> AnyResponse:
    """Send whoever must have a second factor, and has none, to where one is set up."""
    return redirect("/desk/second-factor/set-up", 303)


@desk.errorhandler(BadForm)
def tell_bad_form(error: BadForm) -> AnyResponse:
    """Say what the form lacks."""
    return page("error.html", status=400, code="400", reason=spoken().t(error.word), request_id="")


@desk.errorhandler(HTTPException)
def tell_http_error(error: HTTPException) -> AnyResponse:
    """A page for what Flask itself refuses; redirects pass through."""
    if error.response is not None:
        return error.response  # type: ignore[return-value]
    status = error.code or 500
    return page("error.html", status=status, code=_PAGE_OF_STATUS.get(status, "500"), reason="", request_id="")


@desk.errorhandler(Exception)
def tell_error(error: Exception) -> AnyResponse:
    """A page for a refusal of the domain; what nobody foresaw is a 500 without detail, logged with its traceback."""
    problem = problem_of(error)
    if problem is None:
        logger.error("%s %s %r failed", request_id(), request.method, request.path, exc_info=error)
        return page("error.html", status=500, code="500", reason="", request_id=request_id())
    logger.info("%s %s: %s", request_id(), problem.slug, type(error).__name__)
    code = _PAGE_OF_STATUS.get(problem.status, "400")
    # A stranger's 404 says no more than that: the domain's sentence would repeat what was asked for.
    told = code not in ("403", "404")
    reason = (problem.title_zh if spoken().language == "zh" else str(error)) if told else ""
    return page("error.html", status=problem.status, code=code, reason=reason, request_id="")


@desk.get("/<path:nowhere>")
def no_such_page(nowhere: str) -> AnyResponse:
    """Addresses below the desk that no page answers get the desk's own 404."""
    raise NotFound
