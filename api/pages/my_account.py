"""One's own account at the desk: passphrase, second factor, phones, and the sign-ins of late."""

import json
from urllib.parse import quote
from uuid import UUID

from flask import Response, redirect, request
from werkzeug.wrappers import Response as AnyResponse

from api.http.house import house, now_utc
from api.http.signin import check_csrf, check_passphrase, current_actor, current_token
from api.pages.blueprint import desk
from api.pages.errors import BadForm
from api.pages.frame import page, spoken, told
from api.pages.second_factor import site
from visits.access import (
    REVOKED_BECAUSE,
    Actor,
    PasskeyRefused,
    Proven,
    SignInRefused,
    WeakPassphrase,
    add_passkey,
    begin_app,
    change_passphrase,
    devices_of,
    drop_passkey,
    end_other_sessions,
    factors_of,
    invite_device,
    new_recovery_codes,
    registration_options,
    revoke_device,
    sign_ins_of,
)
from visits.fieldwork import held_about_me

MY_ACCOUNT = "/desk/account"
SIGN_INS_SHOWN = 10
_WEAK = {"short": "account.weak.short", "easy": "account.weak.easy", "same": "account.weak.same"}


@desk.get("/account")
def show_my_account() -> Response:
    """Everything one may see to about oneself."""
    return _mine(current_actor())


@desk.get("/account/held.json")
def fetch_what_is_held() -> Response:
    """Everything held about oneself, as a file; handing it out is a line of the audit."""
    actor, at_utc = current_actor(), now_utc()
    with house().store.writing() as uow:
        held = held_about_me(uow, actor, at_utc=at_utc)
    body = json.dumps({"made_utc": at_utc.isoformat(), **held}, ensure_ascii=False, indent=1)
    headers = {"Content-Disposition": f'attachment; filename="shidi-account-{at_utc:%Y%m%d}.json"'}
    return Response(body, content_type="application/json", headers=headers)


@desk.post("/account/passphrase")
def take_new_passphrase() -> AnyResponse:
    """Change one's passphrase, with the old one; other sign-ins at desks end, those of phones where it is asked for."""
    actor, proven = _proven_again()
    new = request.form.get("new", "")
    if new != request.form.get("again", ""):
        raise BadForm("account.not_the_same")
    try:
        with house().store.writing() as uow:
            change_passphrase(
                uow,
                actor,
                proven,
                new,
                keep_token=current_token() or "",
                phones_too=request.form.get("phones") == "yes",
                at_utc=now_utc(),
            )
    except WeakPassphrase as weak:
        return _mine(actor, status=422, refused=spoken().t(_WEAK[weak.why]))
    return _said("account.changed")


@desk.post("/account/authenticator")
def begin_new_app() -> AnyResponse:
    """Begin with a new authenticator app; the one in use stays until the new one has shown a code."""
    actor, _ = _proven_again()
    with house().store.writing() as uow:
        begin_app(uow, actor)
    return redirect(f"/desk/second-factor/set-up?next={MY_ACCOUNT}", 303)


@desk.post("/account/recovery-codes")
def draw_recovery_codes() -> AnyResponse:
    """New recovery codes, shown this once; the old ones end."""
    actor, _ = _proven_again()
    with house().store.writing() as uow:
        codes = new_recovery_codes(uow, actor, at_utc=now_utc())
    return page("recovery_codes.html", codes=codes, next=MY_ACCOUNT)


@desk.post("/account/passkey-options")
def give_options_for_passkey() -> Response:
    """What the browser needs to make one more passkey; the passphrase is asked for again."""
    actor, _ = _proven_again()
    here = site()
    if here is None:
        raise PasskeyRefused("passkeys need the public address of this installation (SHIDI_PUBLIC_URL)")
    with house().store.writing() as uow:
        options = registration_options(uow, actor, current_token() or "", here, at_utc=now_utc())
    return Response(options, mimetype="application/json")


@desk.post("/account/passkeys")
def keep_passkey() -> AnyResponse:
    """Keep a passkey; its challenge was given out only after the passphrase."""
    check_csrf()
    actor, here = current_actor(), site()
    if here is None or "answer" not in request.form:
        raise BadForm("factor.passkey_refused")
    said = {"answer": request.form["answer"], "label": request.form.get("label", "")}
    with house().store.writing() as uow:
        add_passkey(uow, actor, current_token() or "", here, **said, at_utc=now_utc())
    return _said("account.passkey_kept")


@desk.post("/account/passkeys/removal")
def give_up_passkey() -> AnyResponse:
    """Give up a passkey that is not the last second factor."""
    actor, _ = _proven_again()
    try:
        credential_id = bytes.fromhex(request.form.get("passkey", ""))
    except ValueError as none:
        raise PasskeyRefused("there is no such passkey") from none
    with house().store.writing() as uow:
        drop_passkey(uow, actor, credential_id, at_utc=now_utc())
    return _said("account.passkey_gone")


@desk.post("/account/other-sign-ins")
def end_others() -> AnyResponse:
    """End every other sign-in of this account at once, on phones too."""
    check_csrf()
    actor = current_actor()
    with house().store.writing() as uow:
        end_other_sessions(uow, actor, keep_token=current_token() or "", at_utc=now_utc())
    return _said("account.others_ended")


@desk.post("/accounts/<uuid:account_id>/invitation")
def invite_phone(account_id: UUID) -> Response:
    """A square code that lets one new phone in, for fifteen minutes; shown this once."""
    check_csrf()
    with house().store.writing() as uow:
        made = invite_device(uow, current_actor(), account_id, at_utc=now_utc())
    base = house().settings.public_url or request.host_url.rstrip("/")
    # Behind the # it is never sent to any server, and stands in no server's log.
    return page("invitation.html", made=made, says=f"{base}/field/#/sign-in/{made.code}.{quote(made.login)}")


@desk.post("/devices/<uuid:device_id>/revocation")
def take_phone_out(device_id: UUID) -> AnyResponse:
    """Shut a phone out: lost, or no longer used."""
    check_csrf()
    actor, reason = current_actor(), request.form.get("reason", "")
    if reason not in REVOKED_BECAUSE:
        raise BadForm("account.choose_reason")
    with house().store.writing() as uow:
        gone = revoke_device(uow, actor, device_id, reason=reason, at_utc=now_utc())
    back = MY_ACCOUNT if gone.account_id == actor.account_id else f"/desk/accounts/{gone.account_id}"
    return redirect(f"{back}?said=account.phone_out", 303)


def _proven_again() -> tuple[Actor, Proven]:
    """The signed-in account, which has typed its passphrase once more in this form."""
    check_csrf()
    actor = current_actor()
    typed = request.form.get("passphrase", "")
    if not typed:
        raise BadForm("account.passphrase_again")
    try:
        return actor, check_passphrase(actor.login, typed[:200])
    except SignInRefused as wrong:
        raise BadForm("account.passphrase_wrong") from wrong


def _said(word: str) -> AnyResponse:
    return redirect(f"{MY_ACCOUNT}?said={word}", 303)


def _mine(actor: Actor, *, status: int = 200, refused: str = "") -> Response:
    with house().store.reading() as uow:
        found = devices_of(uow, actor, actor.account_id)
        has = factors_of(uow, actor.account_id)
        recent = sign_ins_of(uow, actor, limit=SIGN_INS_SHOWN)
    return page(
        "my_account.html",
        status=status,
        refused=refused,
        said=told(),
        devices=found,
        has=has,
        recent=recent,
        can_make_key=site() is not None,
    )
