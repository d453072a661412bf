"""What whoever runs the server asks: is it alive, is it ready, how is it doing."""

import ipaddress

from flask import Blueprint, Response, request
from webargs.flaskparser import abort

from api.http.house import house
from api.http.problems import NOT_READY, answer
from visits.store import jobs_by_state

operations = Blueprint("operations", __name__)

_STATES_TOLD = ("waiting", "leased", "failed")


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
    with house().store.reading() as uow:
        jobs = jobs_by_state(uow)
    lines = ["# HELP shidi_answers_total Answers by class of status.", "# TYPE shidi_answers_total counter"]
    lines += [f'shidi_answers_total{{class="{name}"}} {n}' for name, n in sorted(house().requests.counts().items())]
    lines += ["# HELP shidi_jobs Jobs by state.", "# TYPE shidi_jobs gauge"]
    lines += [f'shidi_jobs{{state="{state}"}} {jobs.get(state, 0)}' for state in _STATES_TOLD]
    return Response("\n".join(lines) + "\n", mimetype="text/plain; version=0.0.4")


def _is_loopback(address: str | None) -> bool:
    try:
        return ipaddress.ip_address(address or "").is_loopback
    except ValueError:
        return False
