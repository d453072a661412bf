"""The description of the API, which promises the errors in the form they really come in."""

from http import HTTPStatus
from typing import Any

import marshmallow as ma
from flask import Flask
from flask_smorest import Api
from werkzeug.exceptions import HTTPException
from werkzeug.sansio.response import Response as AnyResponse

from api.http.blueprint import API_PREFIX
from api.http.problems import PROBLEM_TYPE, answer_http_error


class ProblemSchema(ma.Schema):
    """A problem (RFC 9457)."""

    class Meta:
        unknown = ma.INCLUDE

    type = ma.fields.String(required=True, metadata={"description": "`/problems/<slug>`; branch on it"})
    title = ma.fields.String(required=True)
    status = ma.fields.Integer(required=True)
    detail = ma.fields.String()
    request_id = ma.fields.String(required=True, metadata={"description": "Quote it when you ask for help"})
    errors = ma.fields.Dict(metadata={"description": "What is wrong, by field"})


class ShidiApi(Api):  # type: ignore[misc]  # flask-smorest is not typed
    """flask-smorest's registry with errors as problems, in the answers and in the description."""

    ERROR_SCHEMA = ProblemSchema

    def handle_http_exception(self, error: HTTPException) -> AnyResponse:
        return answer_http_error(error)

    def _register_responses(self) -> None:
        """Offer one described problem answer per status, as ``application/problem+json``."""
        content = {PROBLEM_TYPE: {"schema": self.ERROR_SCHEMA}}
        for status in HTTPStatus:
            self.spec.components.response(status.name, _response(status.phrase, status, content), lazy=True)
        self.spec.components.response(
            "DEFAULT_ERROR", {"description": "A problem: see docs/problems.md", "content": content}, lazy=True
        )


def _response(phrase: str, status: HTTPStatus, content: dict[str, Any]) -> dict[str, Any]:
    has_body = status >= 200 and status not in (HTTPStatus.NO_CONTENT, HTTPStatus.NOT_MODIFIED)
    return {"description": phrase, "content": content} if has_body else {"description": phrase}


def make_api(app: Flask) -> ShidiApi:
    """The registry of an application; the description is served at ``/api/v1/openapi.json``."""
    app.config.update(
        API_TITLE="Shidi",
        API_VERSION="v1",
        OPENAPI_VERSION="3.1.0",
        OPENAPI_URL_PREFIX=API_PREFIX,
        OPENAPI_JSON_PATH="openapi.json",
        API_SPEC_OPTIONS={
            "info": {
                "description": "Unannounced village visits, their evidence, and what may be said from them.",
                "license": {"name": "Apache-2.0", "url": "https://www.apache.org/licenses/LICENSE-2.0"},
            },
            "servers": [{"url": "/"}],
        },
    )
    api = ShidiApi(app)
    api.spec.components.security_scheme(
        "bearer", {"type": "http", "scheme": "bearer", "description": "The token of POST /api/v1/sessions"}
    )
    return api
