"""The application: every part put together from the settings."""

from collections.abc import Callable
from datetime import UTC, datetime

from flask import Flask

from api.evidence import open_evidence
from api.http.blueprint import RoomBlueprint
from api.http.counter import RequestCounter
from api.http.docs_page import docs_page
from api.http.errors import EdgeError
from api.http.headers import add_headers, give_request_id
from api.http.house import EXTENSION, House, count_answer
from api.http.openapi import make_api
from api.http.operations import operations
from api.http.problems import answer_known_error, answer_unexpected
from api.http.signin import keep_visitor_cookie, note_refusals
from api.jobs import job_handlers
from api.map_tiles import tile_folder
from api.pages import pages_blueprint
from api.pages.field import field
from api.resources.access import accounts, first_factor, sessions
from api.resources.coverage import coverage_room
from api.resources.draws import drawing
from api.resources.fieldwork import fieldwork
from api.resources.forms import forms
from api.resources.intake import intake
from api.resources.ledger import ledger
from api.resources.log import log
from api.resources.people import people
from api.resources.phone_exports import phone_exports
from api.resources.places import places
from api.resources.plans import plans
from api.resources.presence import presence
from api.resources.review import review
from api.resources.yearly import yearly
from api.rules import rules_of_removal
from api.settings import Settings
from api.uploads import MethodOverride, uploads
from media.errors import MediaError
from media.proof import load_or_create_master_key
from visits.errors import VisitsError
from visits.store import JobRunner, Store
from visits.upkeep import NightRules

ROOMS: tuple[RoomBlueprint, ...] = (
    sessions,
    first_factor,
    accounts,
    forms,
    places,
    people,
    yearly,
    plans,
    drawing,
    intake,
    uploads,
    phone_exports,
    fieldwork,
    coverage_room,
    review,
    presence,
    ledger,
    log,
)


def _clock() -> datetime:
    return datetime.now(UTC)


def open_store(settings: Settings) -> Store:
    """The record store of the settings, with the key that opens what is sealed at rest."""
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    return Store(settings.database_url, master_key=load_or_create_master_key(settings.master_key_path))


def create_app(settings: Settings, store: Store | None = None, *, clock: Callable[[], datetime] = _clock) -> Flask:
    """The WSGI application. Its jobs do not run until somebody starts ``house.jobs``."""
    app = with_routes()
    furnish(app, settings, store or open_store(settings), clock)
    return app


def furnish(app: Flask, settings: Settings, store: Store, clock: Callable[[], datetime] = _clock) -> None:
    """Give the application what it lives on; all that its views know of one installation is in its house."""
    app.config["MAX_CONTENT_LENGTH"] = settings.max_body_bytes
    evidence = open_evidence(settings)
    tiles = tile_folder(settings)
    app.extensions[EXTENSION] = House(
        settings=settings,
        store=store,
        evidence=evidence,
        tiles=tiles,
        jobs=JobRunner(
            store,
            job_handlers(evidence, tiles, clock, settings.timestamp_url, _night_rules(settings)),
            clock=clock,
        ),
        requests=RequestCounter(),
        clock=clock,
    )


def _night_rules(settings: Settings) -> NightRules:
    removal = rules_of_removal(settings)
    return NightRules(blur_days=settings.blur_days, tip_off_days=settings.tip_off_days, removal=removal)


def with_routes() -> Flask:
    """The application with every route and handler, and nothing to live on yet."""
    app = Flask("shidi", static_folder=None)
    app.json.ensure_ascii = False  # type: ignore[attr-defined]
    app.json.sort_keys = False  # type: ignore[attr-defined]
    app.before_request(give_request_id)
    # Flask runs these last to first: what counts and adds headers sees the finished answer.
    app.after_request(count_answer)
    app.after_request(add_headers)
    app.after_request(keep_visitor_cookie)
    app.after_request(note_refusals)
    for base in (EdgeError, VisitsError, MediaError):
        app.register_error_handler(base, answer_known_error)
    app.register_error_handler(Exception, answer_unexpected)
    api = make_api(app)
    for room in ROOMS:
        api.register_blueprint(room)
    app.register_blueprint(docs_page)
    app.register_blueprint(operations)
    app.register_blueprint(pages_blueprint())
    app.register_blueprint(field)
    app.wsgi_app = MethodOverride(app.wsgi_app)  # type: ignore[method-assign]
    return app
