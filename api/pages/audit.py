"""The audit chain as the discipline role reads it: who did and read what, when, from where, with what result."""

from flask import Response, request

from api.http.house import house
from api.http.paging import read_cursor, write_cursor
from api.http.signin import current_actor
from api.pages.blueprint import desk
from api.pages.frame import page
from visits.access import audit_head, audit_trail

PER_PAGE = 100
_RESULTS = ("done", "refused")


@desk.get("/audit")
def show_audit() -> Response:
    """The lines of the reader's division, newest first, narrowed by whom, what about, act and result."""
    wanted = {name: request.args.get(name, "").strip()[:120] or None for name in ("login", "about", "act")}
    result = request.args.get("result")
    after = read_cursor(request.args.get("cursor"), int)
    with house().store.reading() as uow:
        found = audit_trail(
            uow,
            current_actor(),
            **wanted,
            result=result if result in _RESULTS else None,
            before=after[0] if after else None,
            limit=PER_PAGE + 1,
        )
        number, digest_hex = audit_head(uow)
    shown = found[:PER_PAGE]
    next_cursor = write_cursor(shown[-1].number) if len(found) > PER_PAGE else None
    asked = {name: value or "" for name, value in {**wanted, "result": result}.items()}
    return page(
        "audit.html", lines=shown, asked=asked, next_cursor=next_cursor, head_number=number, head_hex=digest_hex
    )
