"""The kind of blueprint every room of the API uses: signed in, strict, and documented with its problems."""

from collections.abc import Callable
from typing import Any, Protocol, TypeVar

import marshmallow as ma
from flask import Request, current_app, request
from flask_smorest import Blueprint
from webargs.flaskparser import FlaskParser, abort

from api.http.signin import require_sign_in
from api.http.strict_json import read_json

API_PREFIX = "/api/v1"

View = TypeVar("View", bound=Callable[..., Any])


class Decorates(Protocol):
    """A decorator with options that leaves the type of a view as it is."""

    def __call__(self, *args: Any, **kwargs: Any) -> Callable[[View], View]: ...


class StrictParser(FlaskParser):
    """Reads bodies as strict JSON and refuses query parameters that nobody asked for or that come twice."""

    DEFAULT_UNKNOWN_BY_LOCATION = {**FlaskParser.DEFAULT_UNKNOWN_BY_LOCATION, "query": ma.RAISE}  # noqa: RUF012

    def _raw_load_json(self, req: Request) -> Any:
        if req.mimetype != "application/json":
            abort(415)
        return read_json(req.get_data())

    def load_querystring(self, req: Request, schema: ma.Schema) -> Any:
        twice = {name: ["Given more than once."] for name in req.args if len(req.args.getlist(name)) > 1}
        if twice:
            abort(422, messages={"query": twice})
        return super().load_querystring(req, schema)


class RoomBlueprint(Blueprint):  # type: ignore[misc]  # flask-smorest is not typed
    """Endpoints of one room below ``/api/v1``; all need a sign-in unless the blueprint says otherwise."""

    ARGUMENTS_PARSER = StrictParser()

    get: Decorates
    post: Decorates
    delete: Decorates
    route: Decorates
    arguments: Decorates
    response: Decorates
    doc: Decorates
    before_request: Callable[[Callable[[], Any]], Callable[[], Any]]
    after_request: Callable[[Callable[[Any], Any]], Callable[[Any], Any]]

    def __init__(self, name: str, description: str, *, asks: Callable[[], None] | None = require_sign_in) -> None:
        super().__init__(name, __name__, url_prefix=API_PREFIX, description=description)
        self._signed_in = asks is not None
        # Before the body is looked at: who may not come in learns nothing of what is taken here.
        if asks is not None:
            self.before_request(asks)
        self.before_request(_refuse_unasked_query)
        self._prepare_doc_cbks.append(self._document)

    def _document(self, doc: dict[str, Any], doc_info: dict[str, Any], **kwargs: Any) -> dict[str, Any]:
        """Add what all operations share: the problem answer, and the sign-in it needs."""
        doc.setdefault("responses", {})["default"] = "DEFAULT_ERROR"
        # What a server can do is told to everybody: a browser asks with OPTIONS before it sends a token.
        doc["security"] = [{"bearer": []}] if self._signed_in and kwargs["method"].upper() != "OPTIONS" else []
        return doc

    def add_url_rule(
        self, rule: str, endpoint: str | None = None, view_func: Any = None, *args: Any, **kwargs: Any
    ) -> None:
        """Register a view whose function name becomes the operation's id."""
        if view_func is not None:
            view_func = self.doc(operationId=view_func.__name__)(view_func)
        super().add_url_rule(rule, endpoint, view_func, *args, **kwargs)


def _refuse_unasked_query() -> None:
    """A view without query parameters takes none: a misspelt filter must not look like an empty answer."""
    view = current_app.view_functions[request.endpoint or ""]
    documented = getattr(view, "_apidoc", {}).get("arguments", {}).get("parameters", [])
    if request.args and not any(parameter["in"] == "query" for parameter in documented):
        abort(422, messages={"query": {name: ["Unknown field."] for name in request.args}})
