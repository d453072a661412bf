"""The letter that tells a person what a visit found, and the page on which they may answer it once."""

from dataclasses import dataclass
from uuid import UUID

from flask import Response, request
from werkzeug.wrappers import Response as AnyResponse

from api.http.house import house, now_utc
from api.http.signin import check_csrf, current_actor
from api.pages.blueprint import desk
from api.pages.frame import page
from visits.review import (
    MadeLink,
    NoSuchReplyLink,
    make_reply_link,
    notice_letter,
    reply_by_link,
    reply_link_is_open,
    try_reply_code,
)

MOST_TEXT = 4000


@dataclass(frozen=True)
class ReplyPage:
    """Where somebody who replies stands: before the code, before the text, or done."""

    token: str
    code: str = ""
    wrong: bool = False
    empty: bool = False
    done: bool = False


@desk.get("/notices/<uuid:notice_id>/letter")
def show_letter(notice_id: UUID) -> Response:
    """The letter (情况说明告知书) to print; it can always be answered on paper."""
    with house().store.writing() as uow:
        letter = notice_letter(uow, current_actor(), notice_id, at_utc=now_utc())
    return _letter(notice_id, letter, None)


@desk.post("/notices/<uuid:notice_id>/letter")
def make_letter_with_link(notice_id: UUID) -> AnyResponse:
    """The same letter with an address to answer at; its code is shown once and travels apart."""
    actor = current_actor()
    check_csrf()
    with house().store.writing() as uow:
        letter = notice_letter(uow, actor, notice_id, at_utc=now_utc())
        made = make_reply_link(uow, actor, notice_id, at_utc=now_utc())
    answer = _letter(notice_id, letter, made)
    answer.headers["Cache-Control"] = "no-store"
    return answer


@desk.get("/reply/<token>")
def show_reply(token: str) -> Response:
    """Ask for the code. An address that takes no answer says so, and nothing else."""
    with house().store.reading() as uow:
        is_open = reply_link_is_open(uow, token, at_utc=now_utc())
    if not is_open:
        raise NoSuchReplyLink("this way to reply is not open; you may always reply on paper")
    return _reply(ReplyPage(token))


@desk.post("/reply/<token>")
def take_reply_by_link(token: str) -> AnyResponse:
    """With the code alone show the notice, with a text take the answer."""
    check_csrf()
    code = "".join(request.form.get("code", "").split())[:20]
    text = request.form.get("text", "").strip()[:MOST_TEXT]
    with house().store.writing() as uow:  # a wrong code is counted, so this commits whatever comes
        notice = try_reply_code(uow, token, code, at_utc=now_utc())
        if notice is not None and text:
            reply_by_link(uow, token, code, text=text, at_utc=now_utc())
    if notice is None:
        return _reply(ReplyPage(token, wrong=True))
    if text:
        return _reply(ReplyPage(token, done=True))
    return _reply(ReplyPage(token, code=code, empty="text" in request.form), notice)


def _letter(notice_id: UUID, letter: object, made: MadeLink | None) -> Response:
    address = f"{request.host_url}desk/reply/{made.token}" if made else ""
    return page("letter.html", notice_id=notice_id, letter=letter, made=made, address=address)


def _reply(at: ReplyPage, notice: object = None) -> Response:
    answer = page("reply.html", at=at, notice=notice)
    answer.headers["Cache-Control"] = "no-store"
    return answer
