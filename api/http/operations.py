"""What whoever runs the server asks: is it alive, is it ready, how is it doing."""

import ipaddress

from flask import Blueprint, Response, request
from webargs.flaskparser import abort

from api.http.house import house
from api.http.problems import NOT_READY, answer

operations = Blueprint("operations", __name__)


@operations.get("/healthz")
def healthz() -> Response:
    """The process answers; nothing else is asked."""
    return Response("ok\n", mimetype="text/plain")


@operations.get("/readyz")
def readyz() -> Response:
    """The records and the evidence can be reached."""
    try:
        house().store.ping()
        house().evidence.has("0" * 64)
    except Exception:  # whatever keeps them from answering, the answer is the same: not now
        return answer(NOT_READY, "the records or the evidence cannot be reached")
    return Response("ready\n", mimetype="text/plain")


@operations.get("/metrics")
def metrics() -> Response:
    """Counts in Prometheus' text form, for a collector on this machine only."""
    if not _is_loopback(request.remote_addr):
        abort(404)
    lines = ["# HELP shidi_answers_total Answers by class of status.", "# TYPE shidi_answers_total counter"]
    lines += [f'shidi_answers_total{{class="{name}"}} {n}' for name, n in sorted(house().requests.counts().items())]
    return Response("\n".join(lines) + "\n", mimetype="text/plain; version=0.0.4")


def _is_loopback(address: str | None) -> bool:
    try:
        return ipaddress.ip_address(address or "").is_loopback
    except ValueError:
        return False
