"""What every page of the desk shares: its language, its frame, and how a template is filled."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from urllib.parse import quote

from flask import Response, request
from jinja2 import Environment, FileSystemLoader, StrictUndefined, pass_context
from jinja2.runtime import Context
from markupsafe import Markup

from api.http.gzipped import named_by_state
from api.http.house import house
from api.http.signin import CSRF_FIELD, csrf_token, current_actor
from api.pages.clock import time_element
from api.pages.words import LANGUAGES, WEB, Words, words
from visits.access import Actor, DeviceRevoked, NotSignedIn, Right, SecondFactorMissing, SecondFactorNeeded
from visits.zone import LOCAL_ZONE

LANGUAGE_COOKIE = "shidi_language"
HOME = "/desk/"


@dataclass(frozen=True)
class RoomLink:
    """One entry of the main menu."""

    href: str
    word: str
    here: bool


@dataclass(frozen=True)
class LanguageLink:
    """The way to the same page in the other language."""

    href: str
    lang: str
    name: str


_SAID = frozenset(
    {
        "account.changed",
        "account.others_ended",
        "account.passkey_gone",
        "account.passkey_kept",
        "account.phone_out",
        "accounts.another_try_done",
        "accounts.closed_done",
        "accounts.factor_reset_done",
        "appeal.answered",
        "appeal.done",
        "assignments.done",
        "assignments.withdrawn_done",
        "double.done",
        "cover.done",
        "decision.done",
        "decision.second_done",
        "draws.committed",
        "draws.drawn",
        "draws.revealed",
        "draws.withdrawn",
        "hand_over.done",
        "hand_over.step",
        "held.answered",
        "held.asked",
        "notice.done",
        "phones.done",
        "plans.done",
        "recusals.done",
        "referrals.done",
        "reply.done",
        "tip_offs.done",
        "tip_offs.ended",
        "tip_offs.key_done",
    }
)

_ROOMS: tuple[tuple[str, str, Right], ...] = (
    (HOME, "nav.visits", Right.READ_VISITS),
    ("/desk/assignments", "nav.assignments", Right.ASSIGN),
    ("/desk/assignments", "nav.assignments", Right.RECORD),
    ("/desk/plans", "nav.plans", Right.READ_PLANS),
    ("/desk/draws", "nav.draws", Right.ASSIGN),
    ("/desk/draws", "nav.draws", Right.MIX_DRAW),
    ("/desk/recusals", "nav.recusals", Right.ASSIGN),
    ("/desk/recusals", "nav.recusals", Right.RECORD),
    ("/desk/phone-exports", "nav.phone_exports", Right.IMPORT_PHONES),
    ("/desk/phones", "nav.phones", Right.CALIBRATE),
    ("/desk/postings", "nav.postings", Right.READ_PEOPLE),
    ("/desk/referrals", "nav.referrals", Right.DECIDE),
    ("/desk/decisions", "nav.decisions", Right.DECIDE),
    ("/desk/inspectors", "nav.inspection", Right.READ_INSPECTORS),
    ("/desk/ledger", "nav.ledger", Right.READ_LEDGER),
    ("/desk/tip-offs", "nav.tip_offs", Right.READ_CLUES),
    ("/desk/map", "nav.map", Right.READ_COVERAGE),
    ("/desk/figures", "nav.figures", Right.READ_COVERAGE),
    ("/desk/log", "nav.log", Right.READ_LOG),
    ("/desk/audit", "nav.audit", Right.READ_AUDIT),
    ("/desk/accounts", "nav.accounts", Right.MANAGE_ACCOUNTS),
    ("/desk/accounts", "nav.inspectors", Right.ASSIGN),
)


_BEGINNINGS: dict[str, tuple[str, ...]] = {
    HOME: ("/desk/visits/",),
    "/desk/assignments": ("/desk/paper", "/desk/day-route"),
    "/desk/audit": ("/desk/leak-signs",),
    "/desk/decisions": ("/desk/sightings/",),
    "/desk/plans": ("/desk/burden",),
    "/desk/postings": ("/desk/talks",),
}


def page(template: str, *, status: int = 200, **values: object) -> Response:
    """The answer with one filled template in the reader's language."""
    return Response(_render(template, values), status=status, content_type="text/html; charset=utf-8")


def spoken() -> Words:
    """The words of the language this reader chose, or of the installation."""
    chosen = request.cookies.get(LANGUAGE_COOKIE, "")
    return words(chosen if chosen in LANGUAGES else house().settings.language)


def signed_in_or_none() -> Actor | None:
    """Who reads this page; the frame of a sign-in or error page also stands without anybody."""
    try:
        return current_actor()
    except (NotSignedIn, DeviceRevoked, SecondFactorMissing, SecondFactorNeeded):
        return None


def told() -> str:
    """What a page says after a form was taken: the word its redirect names, when it is one of those."""
    word = request.args.get("said", "")
    return spoken().t(word) if word in _SAID else ""


def inside_desk(path: str | None) -> str:
    """A path of the desk to go on to; anything that could lead elsewhere becomes the desk's first page."""
    if not path or not path.startswith(HOME) or "\\" in path or any(ord(c) < 32 for c in path):
        return HOME
    return path


def _render(template: str, values: Mapping[str, object]) -> str:
    actor = signed_in_or_none()
    speech = spoken()
    settings = house().settings
    return (
        _environment()
        .get_template(template)
        .render(
            words=speech,
            zone=LOCAL_ZONE,
            html_lang=speech.tag,
            actor=actor,
            may=lambda right: actor is not None and actor.may(Right(right)),
            rooms=_rooms(actor) if actor else (),
            other_language=_other_language(speech),
            outside=settings.oidc_issuer is not None,
            operator_name=settings.operator_name,
            complaint_contact=settings.complaint_contact,
            **values,
        )
    )


def _rooms(actor: Actor) -> list[RoomLink]:
    links: dict[str, RoomLink] = {}
    for href, word, right in _ROOMS:
        here = request.path == href or (href != HOME and request.path.startswith(f"{href}/"))
        if actor.may(right):
            links[href] = RoomLink(href, word, here or _belongs(href))
    return list(links.values())


def _belongs(href: str) -> bool:
    """Whether this page, though its address begins otherwise, is one of that room's."""
    return request.path.startswith(_BEGINNINGS.get(href, ()))


def _other_language(speech: Words) -> LanguageLink:
    other = words("en" if speech.language == "zh" else "zh")
    here = request.full_path.rstrip("?") if request.method == "GET" else HOME
    return LanguageLink(
        f"/desk/language/{other.language}?back={quote(here, safe='')}", other.tag, speech.t("frame.other_language")
    )


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(WEB / "desk" / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals.update(t=_t, known=_known, zh=_zh, csrf=_csrf, when=_when, static=_static, vendored=_vendored)
    return environment


def _static(name: str) -> str:
    return f"/desk/static/{named_by_state(WEB / 'desk' / 'static', name)}"


def _vendored(name: str) -> str:
    return f"/desk/vendor/{named_by_state(WEB / 'vendor', name)}"


@pass_context
def _t(context: Context, key: str, /, **values: object) -> str:
    speech: Words = context["words"]
    return speech.t(key, **values)


@pass_context
def _known(context: Context, key: str) -> bool:
    speech: Words = context["words"]
    return speech.known(key)


@pass_context
def _when(context: Context, at: object, *, seconds: bool = False) -> Markup:
    return time_element(at, context["zone"], seconds=seconds)  # type: ignore[arg-type]


@pass_context
def _zh(context: Context, text: object) -> Markup:
    """Chinese text as people wrote it: marked as such on an English page, plain on a Chinese one."""
    if context["words"].language == "zh":
        return Markup.escape(text)
    return Markup('<span lang="zh-CN">{}</span>').format(text)


def _csrf() -> Markup:
    return Markup('<input type="hidden" name="{}" value="{}">').format(CSRF_FIELD, csrf_token())
