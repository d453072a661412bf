"""Accounts for who looks after them: an admin those of the division, the office its inspectors and their phones."""

from datetime import date
from uuid import UUID

from flask import Response, redirect, request
from werkzeug.wrappers import Response as AnyResponse

from api.http.house import house, now_utc
from api.http.signin import check_csrf, current_actor
from api.pages.blueprint import desk
from api.pages.errors import BadForm
from api.pages.frame import page, spoken, told
from visits.access import (
    AccountExists,
    NewAccount,
    Right,
    Role,
    ThirdPartyIncomplete,
    account,
    accounts_within,
    close_account,
    create_account,
    devices_of,
    factors_of,
    give_new_passphrase,
    let_try_again,
    require,
    reset_factors,
)

_LOGIN_MOST, _NAME_MOST = 64, 64


@desk.get("/accounts")
def show_accounts() -> Response:
    """Every account in reach, and the form for a new one."""
    return _accounts()


@desk.post("/accounts")
def make_account() -> Response:
    """Make an account; its passphrase is shown this once."""
    check_csrf()
    require(current_actor(), Right.MANAGE_ACCOUNTS)
    new = _read_account()
    try:
        with house().store.writing() as uow:
            made = create_account(uow, current_actor(), new, at_utc=now_utc())
    except AccountExists:
        return _accounts(status=409, refused=spoken().t("accounts.taken"))
    except ThirdPartyIncomplete:
        return _accounts(status=422, refused=spoken().t("accounts.third_party_incomplete"))
    return page("new_passphrase.html", made=made)


@desk.get("/accounts/<uuid:account_id>")
def show_account(account_id: UUID) -> Response:
    """One account: what it may, its second factor, its phones."""
    actor, at_utc = current_actor(), now_utc()
    with house().store.reading() as uow:
        one = account(uow, actor, account_id, at_utc=at_utc)
        found, has = devices_of(uow, actor, account_id), factors_of(uow, account_id)
    return page("account.html", one=one, devices=found, has=has, said=told())


@desk.post("/accounts/<uuid:account_id>/closing")
def take_closing(account_id: UUID) -> AnyResponse:
    """End an account for good, and all its sign-ins with it."""
    check_csrf()
    with house().store.writing() as uow:
        close_account(uow, current_actor(), account_id, at_utc=now_utc())
    return _said(account_id, "accounts.closed_done")


@desk.post("/accounts/<uuid:account_id>/new-passphrase")
def take_lost_passphrase(account_id: UUID) -> Response:
    """Draw a new passphrase; it is shown this once."""
    check_csrf()
    with house().store.writing() as uow:
        made = give_new_passphrase(uow, current_actor(), account_id, at_utc=now_utc())
    return page("new_passphrase.html", made=made)


@desk.post("/accounts/<uuid:account_id>/factor-reset")
def take_factor_reset(account_id: UUID) -> AnyResponse:
    """Take the second factor from somebody who lost it."""
    check_csrf()
    with house().store.writing() as uow:
        reset_factors(uow, current_actor(), account_id, at_utc=now_utc())
    return _said(account_id, "accounts.factor_reset_done")


@desk.post("/accounts/<uuid:account_id>/another-try")
def take_another_try(account_id: UUID) -> AnyResponse:
    """Lift the wait after wrong tries."""
    check_csrf()
    with house().store.writing() as uow:
        let_try_again(uow, current_actor(), account_id, at_utc=now_utc())
    return _said(account_id, "accounts.another_try_done")


def _said(account_id: UUID, word: str) -> AnyResponse:
    return redirect(f"/desk/accounts/{account_id}?said={word}", 303)


def _accounts(*, status: int = 200, refused: str = "") -> Response:
    actor, at_utc = current_actor(), now_utc()
    with house().store.reading() as uow:
        found = accounts_within(uow, actor, at_utc=at_utc)
    return page("accounts.html", status=status, refused=refused, accounts=found, roles=list(Role), said="")


def _read_account() -> NewAccount:
    """The account a form describes; what it lacks is told as one sentence."""
    text = {name: request.form.get(name, "").strip() for name in ("login", "name", "role", "division", "unit")}
    plain = text["login"].isascii() and all(c.isalnum() or c in "._@-" for c in text["login"])
    if not (0 < len(text["login"]) <= _LOGIN_MOST and plain):
        raise BadForm("accounts.bad_login")
    if not 0 < len(text["name"]) <= _NAME_MOST or text["role"] not in list(Role) or len(text["unit"]) > 120:
        raise BadForm("accounts.bad_name")
    if not (text["division"].isascii() and text["division"].isdigit() and 2 <= len(text["division"]) <= 12):
        raise BadForm("accounts.bad_division")
    approval, ends_on = request.form.get("approval", "").strip()[:80], request.form.get("ends_on", "")
    try:
        last_day = date.fromisoformat(ends_on) if ends_on else None
    except ValueError as none:
        raise BadForm("accounts.bad_day") from none
    unit = text["unit"] or None
    return NewAccount(
        text["login"], text["name"], Role(text["role"]), text["division"], unit, approval or None, last_day
    )
