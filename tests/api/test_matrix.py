"""Every route for every role, inside and outside of its reach, answers as ``docs/routes.md`` says."""

import base64
import json
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from functools import cache
from pathlib import Path
from typing import Any
from uuid import uuid4

import psycopg
import pytest
from flask import Flask
from flask.testing import FlaskClient
from psycopg import sql
from sqlalchemy import URL, make_url
from werkzeug.test import TestResponse

from media.proof import new_device_key
from tests.api.county import INSIDE, OUTSIDE, County, a_draw, build, cosignature, keep, opened, sign_all_in
from tests.api.world import COUNTY, OTHER_VILLAGE, PASSPHRASE, PROBLEM_BODY, TUS, VILLAGE
from tests.components import PostgresServer

TABLE = Path(__file__).resolve().parents[2] / "docs" / "routes.md"
ROLES = tuple(INSIDE)
NOBODY = "nobody"
API = "/api/v1"


@dataclass(frozen=True)
class Ask:
    """One request as a caller who may would send it."""

    path: str = ""
    json: Any = None
    form: dict[str, Any] | None = None
    data: bytes | None = None
    headers: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Cell:
    """One expectation of the table."""

    row: str
    role: str
    login: str
    outside: bool
    status: int

    @property
    def changes(self) -> bool:
        """Whether a right answer changes something that another cell relies on."""
        is_form = self.row.startswith("POST /desk/") and self.login != NOBODY
        done = self.status < 300 or (is_form and self.status == 303)
        return done and self.row.split()[0] in ("POST", "PATCH") and self.row not in HARMLESS


# What a colleague of another team reaches as well, since it is the county's.
OF_THE_COUNTY = {
    "POST /api/v1/recusals",
    "POST /desk/recusals",
    "GET /api/v1/draws/{draw_id}/published",
    "GET /api/v1/draws/{draw_told_id}/published",
}
# What anybody may do any number of times.
HARMLESS = {"POST /api/v1/day-route", "POST /api/v1/sessions", "POST /desk/sign-in", "POST /desk/sign-out"}
ENDS_THE_SIGN_IN = {"DELETE /api/v1/sessions/current", "POST /desk/sign-out"}


# ---- The requests ----


def _assignment(county: County) -> dict[str, Any]:
    at = county.world.clock()
    return {
        "village_code": VILLAGE,
        "announced": False,
        "team": [str(county.world.actor("lin").account_id)],
        "release_utc": at.isoformat(),
        "expires_utc": (at + timedelta(days=1)).isoformat(),
    }


def _assignment_form(county: County) -> dict[str, Any]:
    return {
        "village_code": VILLAGE,
        "announced": "no",
        "team": [str(county.world.actor("lin").account_id)],
        "release": "2026-05-13T09:00",
        "expires": "2026-05-14T09:00",
    }


def _double(county: County) -> dict[str, Any]:
    return {**{k: v for k, v in _assignment(county).items() if "utc" in k}, "team": _second_team(county)}


def _double_form(county: County) -> dict[str, Any]:
    return {
        **{k: v for k, v in _assignment_form(county).items() if k in ("release", "expires")},
        "team": _second_team(county),
    }


def _second_team(county: County) -> list[str]:
    return [str(county.world.actor("wang").account_id)]


def _recusal(county: County) -> dict[str, Any]:
    lin = str(county.world.actor("lin").account_id)
    return {"account_id": lin, "kind": "kin", "division_code": OTHER_VILLAGE}


def _draw_form(county: County) -> dict[str, Any]:
    numbers = {"visits": "1", "team_size": "2", "most_per_day": "4", "floor_percent": "50", "lead_hours": "3"}
    days = {"first_day": "2026-05-14", "last_day": "2026-05-15"}
    return {"plan_line_id": county.ids["other_line_id"], "slot-day": "1", **numbers, **days}


def _decision(county: County) -> dict[str, Any]:
    return {"outcome": "return", "reason": "重新核对", "based_on": [county.ids["sha_seen_2"]]}


def _upload_headers(county: County) -> dict[str, str]:
    said = {"visit_id": county.ids["visit_id"], "sha256": county.ids["sha_pending"]}
    metadata = ",".join(f"{key} {base64.b64encode(value.encode()).decode()}" for key, value in said.items())
    return {**TUS, "Upload-Length": str(len(county.pending)), "Upload-Metadata": metadata}


_PIECE = {**TUS, "Upload-Offset": "0", "Content-Type": "application/offset+octet-stream"}
_NOTICE = {"given_on": "2026-05-12", "how": "paper"}
_REPLY = {"text": "在县里", "received_on": "2026-05-12", "how": "paper"}
_SECOND = {"agree": "yes", "version": "1", "reason": "核实无误"}
_CALIBRATION = {
    "point": "县政府控制点",
    **{"lon_deg": "119.5044", "lat_deg": "27.4555", "datum": "cgcs2000", "error_m": "5", "declared": "wgs84"},
    "fixes": "\n".join(f"119.5044, 27.4555, 10, 2026-05-12T09:00:{second}+08:00" for second in (10, 20, 30)),
}
_TALK = {"talked_on": "2026-05-12", "with_whom": "组织部", "kind": "regular"}
_MATTER = {"reported_on": "2026-05-12", "category": "travel", "to_whom": "县委组织部"}
_HAND_OVER = {"addressee": "sending_unit", "name": "县财政局", "sent_on": "2026-05-12"}
_TIP_OFF = {"channel": "letter", "received_on": "2026-05-12", "text": "补贴没有公示", "division_code": VILLAGE}
_REASON = {"reason": "抽取条件填错"}
_LINE = {"kind": "mid_year", "title": "年中督查", "from_date": "2026-07-01", "to_date": "2026-07-31"}
_PAPER = {"arrived": "2026-05-12T09:00", "left": "2026-05-12T10:00"}
_COVERS = {"boxes": [{"left": 0.1, "top": 0.2, "right": 0.3, "bottom": 0.4}]}
_NEW_ACCOUNT = {"login": "new.one", "name": "新人", "role": "inspector", "division_prefix": "350924"}

_ACCOUNT_FORM = {"login": "new.one", "name": "新人", "role": "inspector", "division": "350924"}
_EMPTY_FORMS = (
    "POST /desk/second-factor",
    "POST /desk/second-factor/passkey-options",
    "POST /desk/second-factor/passkey",
    "POST /desk/second-factor/set-up",
    "POST /desk/second-factor/confirmation",
    "POST /desk/second-factor/new-passkey-options",
    "POST /desk/second-factor/new-passkey",
    "POST /desk/account/passphrase",
    "POST /desk/account/authenticator",
    "POST /desk/account/recovery-codes",
    "POST /desk/account/passkey-options",
    "POST /desk/account/passkeys",
    "POST /desk/account/passkeys/removal",
    "POST /desk/account/other-sign-ins",
    "POST /desk/accounts/{account_id}/invitation",
    "POST /desk/accounts/{account_id}/closing",
    "POST /desk/accounts/{account_id}/new-passphrase",
    "POST /desk/accounts/{account_id}/factor-reset",
    "POST /desk/accounts/{account_id}/another-try",
)

SAMPLES: dict[str, Callable[[County], Ask]] = {
    "POST /api/v1/sessions": lambda c: Ask(json={"login": "far_leader", "passphrase": PASSPHRASE}),
    "POST /api/v1/accounts": lambda c: Ask(json=_NEW_ACCOUNT),
    "POST /api/v1/assignments": lambda c: Ask(json=_assignment(c)),
    "POST /api/v1/assignments/{assignment_id}/opening": lambda c: Ask(json={"device_utc": None}),
    "POST /api/v1/assignments/{sealed_id}/opening": lambda c: Ask(json={"device_utc": None}),
    "POST /api/v1/assignments/{assignment_id}/package": lambda c: Ask(json={"device_utc": None}),
    "POST /api/v1/assignments/{sealed_id}/package": lambda c: Ask(json={"device_utc": None}),
    "POST /api/v1/assignments/{assignment_id}/key": lambda c: Ask(json={}),
    "POST /api/v1/assignments/{sealed_id}/key": lambda c: Ask(json={}),
    "POST /api/v1/assignments/{assignment_id}/withdrawal": lambda c: Ask(json=_REASON),
    "POST /api/v1/assignments/{sealed_id}/withdrawal": lambda c: Ask(json=_REASON),
    "POST /api/v1/assignments/{assignment_id}/double": lambda c: Ask(json=_double(c)),
    "POST /api/v1/assignments/{sealed_id}/double": lambda c: Ask(json=_double(c)),
    "POST /api/v1/day-route": lambda c: Ask(json={}),
    "POST /api/v1/plans": lambda c: Ask(json={"county_code": COUNTY, "year": 2027, "most_checks_per_village": 3}),
    "POST /api/v1/plans/{plan_id}/lines": lambda c: Ask(json=_LINE, headers={"If-Match": '"3"'}),
    "POST /api/v1/plan-lines/{line_id}/withdrawal": lambda c: Ask(json=_REASON, headers={"If-Match": '"3"'}),
    "POST /api/v1/plan-lines/{line_id}/checks": lambda c: Ask(json={"village_code": VILLAGE, "held_on": "2026-05-11"}),
    "POST /api/v1/recusals": lambda c: Ask(json=_recusal(c)),
    "POST /api/v1/draws": lambda c: Ask(json=a_draw(c, "other_line_id")),
    "POST /api/v1/draws/{draw_id}/number": lambda c: Ask(json={"nonce": "0123456789abcdef", "source": "摇号"}),
    "POST /api/v1/draws/{draw_id}/withdrawal": lambda c: Ask(json=_REASON),
    "POST /api/v1/visits/{visit_id}/records": lambda c: Ask(json={"records": [c.record]}),
    "POST /api/v1/uploads": lambda c: Ask(headers=_upload_headers(c)),
    "HEAD /api/v1/uploads/{upload_pending}": lambda c: Ask(headers=TUS),
    "PATCH /api/v1/uploads/{upload_pending}": lambda c: Ask(headers=_PIECE, data=c.pending),
    "POST /api/v1/phone-exports": lambda c: Ask(data=b"junk", headers={"Content-Type": "application/octet-stream"}),
    "DELETE /api/v1/uploads/{upload_pending}": lambda c: Ask(headers=TUS),
    "POST /api/v1/sightings/{sighting_2_id}/decisions": lambda c: Ask(json=_decision(c)),
    "POST /api/v1/sightings/{sighting_2_id}/notices": lambda c: Ask(json=_NOTICE),
    "POST /api/v1/notices/{notice_id}/replies": lambda c: Ask(json=_REPLY),
    "POST /api/v1/decisions/{decision_id}/confirmation": lambda c: Ask(
        json={"agree": True, "reason": "核实无误"}, headers={"If-Match": '"1"'}
    ),
    "POST /api/v1/problems/{problem_id}/withdrawal": lambda c: Ask(json={"reason": "误报"}),
    "POST /api/v1/problems/{clue_id}/withdrawal": lambda c: Ask(json={"reason": "误报"}),
    "POST /api/v1/visits/{visit_id}/photos/{sha_problem}/covers": lambda c: Ask(json=_COVERS),
    "POST /api/v1/visits/{visit_id}/photos/{sha_clue}/covers": lambda c: Ask(json=_COVERS),
    "POST /desk/visits/{visit_id}/photos/{sha_problem}/cover": lambda c: Ask(form={}),
    "POST /desk/visits/{visit_id}/photos/{sha_clue}/cover": lambda c: Ask(form={}),
    "POST /desk/sign-in": lambda c: Ask(form={"login": "far_leader", "passphrase": PASSPHRASE}),
    "POST /desk/sign-out": lambda c: Ask(form={}),
    "POST /api/v1/me/authenticator": lambda c: Ask(json={}),
    "POST /api/v1/me/authenticator/confirmation": lambda c: Ask(json={"code": "000000"}),
    "POST /api/v1/devices/{device_id}/revocation": lambda c: Ask(json={"reason": "lost"}),
    "POST /desk/devices/{device_id}/revocation": lambda c: Ask(form={"reason": "lost"}),
    "POST /desk/accounts": lambda c: Ask(form=_ACCOUNT_FORM),
    **{row: lambda c: Ask(form={}) for row in _EMPTY_FORMS},
    "POST /desk/assignments": lambda c: Ask(form=_assignment_form(c)),
    "POST /desk/assignments/{assignment_id}/key": lambda c: Ask(form={}),
    "POST /desk/assignments/{sealed_id}/key": lambda c: Ask(form={}),
    "POST /desk/assignments/{assignment_id}/withdrawal": lambda c: Ask(form=_REASON),
    "POST /desk/assignments/{sealed_id}/withdrawal": lambda c: Ask(form=_REASON),
    "POST /desk/day-route": lambda c: Ask(form={}),
    "POST /desk/assignments/{assignment_id}/double": lambda c: Ask(form=_double_form(c)),
    "POST /desk/assignments/{sealed_id}/double": lambda c: Ask(form=_double_form(c)),
    "POST /desk/assignments/{assignment_id}/opening": lambda c: Ask(form={}),
    "POST /desk/assignments/{sealed_id}/opening": lambda c: Ask(form={}),
    "POST /desk/assignments/{assignment_id}/paper": lambda c: Ask(form=_PAPER),
    "POST /desk/plans": lambda c: Ask(form={"county_code": COUNTY, "year": "2027", "most_checks": "3"}),
    "POST /desk/plans/{plan_id}/lines": lambda c: Ask(form={**_LINE, "version": "3"}),
    "POST /desk/plan-lines/{line_id}/withdrawal": lambda c: Ask(form={**_REASON, "version": "3"}),
    "POST /desk/plan-lines/{line_id}/checks": lambda c: Ask(form={"village_code": VILLAGE, "held_on": "2026-05-11"}),
    "POST /desk/postings/{posting_id}/corrections": lambda c: Ask(
        form={"asked_on": "2026-05-12", "what": "派驻起始日期"}
    ),
    "POST /desk/corrections/{correction_id}": lambda c: Ask(form={"outcome": "refused", "answer": "与文件一致"}),
    "POST /desk/tip-offs": lambda c: Ask(form=_TIP_OFF),
    "POST /desk/tip-offs/key": lambda c: Ask(form={"public_key": json.dumps(new_device_key().public_jwk)}),
    "POST /desk/tip-offs/{tip_off_id}/outcome": lambda c: Ask(form={"outcome": "已核实"}),
    "POST /desk/recusals": lambda c: Ask(form=_recusal(c)),
    "POST /desk/recusals/{recusal_id}/end": lambda c: Ask(form={}),
    "POST /desk/draws": lambda c: Ask(form=_draw_form(c)),
    "POST /desk/draws/{draw_id}/number": lambda c: Ask(form={"nonce": "0123456789abcdef", "source": "摇号"}),
    "POST /desk/draws/{draw_id}/withdrawal": lambda c: Ask(form=_REASON),
    "POST /desk/draws/{draw_over_id}/reveal": lambda c: Ask(form={}),
    "POST /desk/phone-exports": lambda c: Ask(form={}),
    "POST /desk/phones/{device_id}": lambda c: Ask(form=_CALIBRATION),
    "POST /desk/sightings/{sighting_2_id}/decisions": lambda c: Ask(form=_decision(c)),
    "POST /desk/sightings/{sighting_2_id}/notices": lambda c: Ask(form=_NOTICE),
    "POST /desk/notices/{notice_id}/replies": lambda c: Ask(form=_REPLY),
    "POST /desk/decisions/{decision_id}": lambda c: Ask(form=_SECOND),
    "POST /desk/referrals/{referral_id}": lambda c: Ask(form={"reason": "在县里专班"}),
    "POST /desk/postings/{posting_id}/talks": lambda c: Ask(form=_TALK),
    "POST /desk/postings/{posting_id}/matters": lambda c: Ask(form=_MATTER),
    "POST /desk/notices/{notice_id}/letter": lambda c: Ask(form={}),
    "GET /desk/reply/{token}": lambda c: Ask("/desk/reply/no-such-token"),
    "POST /desk/reply/{token}": lambda c: Ask("/desk/reply/no-such-token", form={"code": "12345678"}),
    "POST /desk/decisions/{decision_id}/appeals": lambda c: Ask(form={**_REPLY}),
    "POST /desk/appeals/{appeal_id}": lambda c: Ask(form={"outcome": "kept", "answer": "事实清楚"}),
    "POST /desk/decisions/{decision_id}/hand-overs": lambda c: Ask(form=_HAND_OVER),
    "POST /desk/breach-hand-overs/{hand_over_id}": lambda c: Ask(form={"step": "consulted", "on": "2026-05-12"}),
    "GET /field/static/{name}": lambda c: Ask("/field/static/app.js"),
    "GET /field/vendor/{name}": lambda c: Ask("/field/vendor/idb.js"),
    "GET /api/v1/log/consistency": lambda c: Ask(f"{API}/log/consistency?from=1&to={c.ids['log_checkpoint_size']}"),
    "POST /api/v1/log/checkpoints/{log_checkpoint_size}/cosignatures": lambda c: Ask(json=cosignature(c)),
    "GET /desk/log/entry": lambda c: Ask("/desk/log/entry?index=0"),
}


# ---- The table ----


@cache
def table() -> dict[str, tuple[str, ...]]:
    """The cells of each row, by method and path."""
    rows = {}
    for line in TABLE.read_text("utf-8").splitlines():
        found = re.match(r"\| `([A-Z]+ /[^`]*)` \|(.*)\|\s*$", line)
        if found:
            cells = tuple(cell.strip() for cell in found[2].split("|"))
            assert len(cells) == 1 + len(ROLES), line
            assert found[1] not in rows, line
            rows[found[1]] = cells
    return rows


def cells_of(row: str) -> Iterator[Cell]:
    """All expectations of one row."""
    signed_out, *by_role = table()[row]
    yield Cell(row, NOBODY, NOBODY, True, int(signed_out))
    for role, said in zip(ROLES, by_role, strict=True):
        inside, _, outside = said.partition("/")
        yield Cell(row, role, INSIDE[role], False, int(inside))
        for login in OUTSIDE[role]:
            if login == "wang" and ("{code}" in row or "{county_code}" in row or row in OF_THE_COUNTY):
                continue  # of another team, but of the same county
            yield Cell(row, role, login, True, int(outside or inside))


# Which thing of the county a path with variants may mean, by the name that the URL map has for it.
VARIANTS = {
    "size": ("log_checkpoint_size",),
    "assignment_id": ("assignment_id", "sealed_id"),
    "draw_id": ("draw_id", "draw_over_id", "draw_told_id"),
    "problem_id": ("problem_id", "clue_id"),
    "sha256": ("sha_problem", "sha_clue", "sha_seen"),
    "index": ("log_records", "log_sealed", "log_opening", "log_decision.propose", "log_clue"),
    "upload_id": ("upload_pending",),
    "code": ("code",),
}


def rows_of_the_app(app: Flask) -> set[str]:
    """Method and path of every route, as the table writes them."""
    found = set()
    for rule in app.url_map.iter_rules():
        methods = set(rule.methods or ())
        if "GET" in methods:
            methods.discard("HEAD")
        if rule.provide_automatic_options:
            methods.discard("OPTIONS")
        path = re.sub(r"<(?:[^<>]*:)?(\w+)>", r"{\1}", rule.rule)
        found |= {f"{method} {path}" for method in methods}
    return found


def as_route(row: str) -> str:
    """The route of a row: its variants told apart by name are one address to the application."""
    for name, variants in VARIANTS.items():
        for variant in variants:
            row = row.replace(f"{{{variant}}}", f"{{{name}}}")
    return row.replace("{sighting_2_id}", "{sighting_id}")


# ---- Asking ----


def ask(county: County, cell: Cell) -> TestResponse:
    """Send the request of a row as this person."""
    method, path = cell.row.split()
    sample = SAMPLES.get(cell.row, lambda c: Ask())(county)
    path = sample.path or _filled(county, path)
    client = county.world.client()
    sent = dict(sample.headers)
    token = _token(county, cell)
    form = dict(sample.form) if sample.form is not None else None
    if path.startswith("/desk"):
        if token:
            client.set_cookie("shidi_session", token)
        if form is not None:
            form["csrf_token"] = _csrf(county, client, token)
    elif token:
        sent["Authorization"] = f"Bearer {token}"
    return client.open(path, method=method, json=sample.json, data=form or sample.data, headers=sent, buffered=True)


# The one tile that shows the county at the farthest zoom.
_TILE = {"county_code": COUNTY, "zoom": "5", "column": "26", "row": "13"}


def _filled(county: County, path: str) -> str:
    known = {**county.ids, "code": VILLAGE, "name": "desk.css", "language": "en", "nowhere": "nowhere", **_TILE}
    if "/vendor/" in path:
        known["name"] = "README.md"
    if "/docs/files/" in path:
        known["name"] = "swagger-ui.css"
    return re.sub(r"\{([\w.]+)\}", lambda found: known[found[1]], path)


def _token(county: County, cell: Cell) -> str:
    if cell.login == NOBODY:
        return ""
    if cell.row in ENDS_THE_SIGN_IN:
        return county.world.phone(cell.login).token
    return county.phones[cell.login].token


def _csrf(county: County, client: FlaskClient, token: str) -> str:
    """The token of this person's forms; somebody who is not signed in gets a new one with the cookie it belongs to."""
    if token not in county.csrf or not token:
        shown = client.get("/desk/log" if token else "/desk/sign-in").text
        county.csrf[token] = shown.split('name="csrf_token" value="')[1].split('"')[0]
    return county.csrf[token]


def faults(county: County, cell: Cell) -> list[str]:
    """What is wrong with the answer that this person gets."""
    answer = ask(county, cell)
    who = f"{cell.row} as {cell.login}"
    found = []
    if answer.status_code != cell.status:
        found.append(f"{who}: {answer.status_code}, the table says {cell.status}: {answer.text[:300]}")
    if answer.status_code >= 400 and "ETag" in answer.headers:
        found.append(f"{who}: a refusal carries an ETag")
    if cell.outside:
        # A refusal may repeat what it was asked for; the headers of an upload name its visit in base64.
        request = f"{answer.request.full_path} {SAMPLES.get(cell.row, lambda c: Ask())(county)}"
        request += county.ids["visit_id"] if "uploads" in cell.row else ""
        # A GeoPackage is no text, but its rows stand in it as they are.
        told = f"{answer.data.decode(errors='replace')} {answer.headers}" if answer.mimetype != "image/jpeg" else ""
        found += [f"{who}: tells {s}" for s in county.secrets(cell.login) if s in told and s not in request]
    return found


# ---- The tests ----


@dataclass(frozen=True)
class Built:
    """A county to ask, and the way back to what it was after an answer that changed it."""

    county: County
    put_back: Callable[[], None]


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Built]:
    """The county on SQLite, asked by all rows."""
    folder = tmp_path_factory.mktemp("matrix")
    with opened(folder / "data", None) as county:
        build(county)
        sign_all_in(county)
        yield Built(county, keep(county, folder / "kept"))


def all_faults(built: Built, cells: Iterable[Cell]) -> list[str]:
    """What is wrong with the answers to these cells."""
    found = []
    for cell in cells:
        found += faults(built.county, cell)
        if cell.changes:
            built.put_back()
    return found


@pytest.mark.parametrize("row", list(table()))
def test_every_cell_of_the_table_is_answered_as_it_says(built: Built, row: str) -> None:
    assert all_faults(built, cells_of(row)) == []


def test_every_route_has_a_row_and_every_row_a_route(built: Built) -> None:
    assert {as_route(row) for row in table()} == rows_of_the_app(built.county.world.app)


def test_every_sample_belongs_to_a_row() -> None:
    assert set(SAMPLES) <= set(table())


def test_the_county_has_the_secrets_that_nobody_outside_is_told(built: Built) -> None:
    told = "".join(
        ask(built.county, Cell(row, "organization", "org2", False, 200)).data.decode(errors="replace")
        for row in table()
        if row.startswith("GET /api/") and "{sha" not in row and ".mvt" not in row and not row.endswith("/bundle")
    )
    for secret in ("张三", "锁门", "下党", PROBLEM_BODY["text"], "当日在县里开会", built.county.ids["decision_id"]):
        assert secret in told


@pytest.mark.postgres
def test_what_the_database_decides_on_postgresql(
    postgres_url: Callable[..., str], postgres_server: PostgresServer, tmp_path: Path
) -> None:
    """Each cell but the refusals of a stranger or a role, which are made before anything is looked for."""
    is_ours = postgres_server.template is not None
    cells = [cell for row in table() for cell in cells_of(row) if cell.status not in (401, 403)]
    source = postgres_url()
    with opened(tmp_path / "data", source) as county:
        build(county)
        sign_all_in(county)
        county.world.store.engine.dispose()
        kept = make_url(postgres_url(template=make_url(source).database))
        put_back = keep(county, tmp_path / "kept", lambda: put_database_back(make_url(source), kept, drop=not is_ours))
        assert all_faults(Built(county, put_back), cells) == []


def put_database_back(changed: URL, kept: URL, *, drop: bool) -> None:
    """Let a database be what another one is; the changed one goes with a server of ours, since dropping takes long."""
    server = changed.set(drivername="postgresql", database="postgres").render_as_string(hide_password=False)
    name, aside = sql.Identifier(str(changed.database)), sql.Identifier(f"{changed.database}_{uuid4().hex[:8]}")
    with psycopg.connect(server, autocommit=True) as admin:
        admin.execute(sql.SQL("alter database {} rename to {}").format(name, aside))
        admin.execute(sql.SQL("create database {} template {}").format(name, sql.Identifier(str(kept.database))))
        if drop:
            admin.execute(sql.SQL("drop database {}").format(aside))
