"""Reports from the public at the desk of the discipline organ; who made them is sealed before it leaves the browser."""

import json
from datetime import date
from uuid import UUID

from flask import Response, redirect, request
from werkzeug.wrappers import Response as AnyResponse

from api.http.house import house, now_utc
from api.http.signin import check_csrf, current_actor
from api.pages.blueprint import desk
from api.pages.errors import BadForm
from api.pages.frame import page, told
from api.pages.places import every_village
from api.pages.review import form_day
from media.errors import BadKey
from visits.access import Right, require
from visits.tipoffs import (
    CHANNELS,
    NewTipOff,
    end_tip_off,
    enter_tip_off,
    file_identity_key,
    identity_key,
    sealed_identity,
    tip_off,
    tip_offs,
)
from visits.zone import LOCAL_ZONE


@desk.get("/tip-offs")
def show_tip_offs() -> Response:
    """The tip-offs of the division, those that wait for an outcome first, and the form for a new one."""
    actor = current_actor()
    with house().store.reading() as uow:
        found, key = tip_offs(uow, actor), identity_key(uow, actor)
        villages = every_village(uow, actor)
    return page(
        "tip_offs.html",
        tip_offs=found,
        key=key,
        jwk=json.dumps(dict(key.public_jwk)) if key else "",
        villages=[v for v in villages if v.valid_to is None],
        named={v.code: f"{v.town_name}{v.name}" for v in villages},
        channels=CHANNELS,
        today=now_utc().astimezone(LOCAL_ZONE).date(),
        said=told(),
    )


@desk.post("/tip-offs")
def take_tip_off() -> AnyResponse:
    """Enter a tip-off; of a reporter only what the browser sealed is taken."""
    actor = current_actor()
    check_csrf()
    form = request.form
    channel, text = form.get("channel", ""), form.get("text", "").strip()
    if channel not in CHANNELS or not 0 < len(text) <= 4000 or len(form.get("outside_number", "")) > 80:
        raise BadForm("tip_offs.fill")
    new = NewTipOff(
        division_code=form.get("division_code") or actor.division_prefix,
        channel=channel,
        received_on=_not_after_today(form_day("received_on")),
        outside_number=form.get("outside_number", "").strip(),
        text=text,
        sealed_identity=form.get("sealed_identity", "").strip(),
    )
    with house().store.writing() as uow:
        made = enter_tip_off(uow, actor, new, at_utc=now_utc())
    return redirect(f"/desk/tip-offs/{made.id}?said=tip_offs.done", 303)


@desk.post("/tip-offs/key")
def take_identity_key() -> AnyResponse:
    """Use this public key for reporters' identities from now on."""
    actor = current_actor()
    check_csrf()
    require(actor, Right.READ_CLUES)
    try:
        said = json.loads(request.form.get("public_key", ""))
        if not isinstance(said, dict):
            raise BadForm("tip_offs.no_key")
        with house().store.writing() as uow:
            file_identity_key(uow, actor, said, at_utc=now_utc())
    except (ValueError, RecursionError, BadKey) as reason:
        raise BadForm("tip_offs.no_key") from reason
    return redirect("/desk/tip-offs?said=tip_offs.key_done", 303)


@desk.get("/tip-offs/<uuid:tip_off_id>")
def show_tip_off(tip_off_id: UUID) -> Response:
    """One tip-off."""
    actor = current_actor()
    with house().store.writing() as uow:
        found = tip_off(uow, actor, tip_off_id, at_utc=now_utc())
        villages = every_village(uow, actor)
    named = {v.code: f"{v.town_name}{v.name}" for v in villages}
    return page("tip_off.html", tip_off=found, named=named, said=told())


@desk.get("/tip-offs/<uuid:tip_off_id>/identity")
def fetch_identity(tip_off_id: UUID) -> Response:
    """The sealed identity as a file; it is opened on a machine that holds the key, never here."""
    with house().store.writing() as uow:
        sealed = sealed_identity(uow, current_actor(), tip_off_id, at_utc=now_utc())
    name = f"shidi-identity-{tip_off_id}.json"
    return Response(
        sealed, content_type="application/json", headers={"Content-Disposition": f'attachment; filename="{name}"'}
    )


@desk.post("/tip-offs/<uuid:tip_off_id>/outcome")
def take_outcome(tip_off_id: UUID) -> AnyResponse:
    """Write down what became of it."""
    actor = current_actor()
    check_csrf()
    outcome = request.form.get("outcome", "").strip()
    if not 0 < len(outcome) <= 2000:
        raise BadForm("tip_offs.fill_outcome")
    destroys = request.form.get("destroy") == "yes"
    with house().store.writing() as uow:
        end_tip_off(uow, actor, tip_off_id, outcome=outcome, destroy_identity=destroys, at_utc=now_utc())
    return redirect(f"/desk/tip-offs/{tip_off_id}?said=tip_offs.ended", 303)


def _not_after_today(day: date) -> date:
    if day > now_utc().astimezone(LOCAL_ZONE).date():
        raise BadForm("tip_offs.fill")
    return day
