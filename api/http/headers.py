"""What every answer carries: a request id, and the headers that keep a browser from being used against us."""

import secrets

from flask import Response, g, request

CONTENT_SECURITY_POLICY = (
    "default-src 'self'; img-src 'self' data: blob:; object-src 'none'; base-uri 'none'; "
    "frame-ancestors 'none'; form-action 'self'"
)

_ALWAYS = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(self), geolocation=(self), microphone=()",
    # What is shown here is about people; a shared computer must not keep it. Static files say otherwise themselves.
    "Cache-Control": "no-store",
}
_ONE_YEAR_S = 365 * 24 * 3600


def give_request_id() -> None:
    """Name the request. The name is ours, never the caller's, so that nobody can write into our log."""
    g.request_id = secrets.token_hex(8)


def add_headers(response: Response) -> Response:
    """The response with every header it does not set itself."""
    for name, value in _ALWAYS.items():
        response.headers.setdefault(name, value)
    if request.is_secure:
        response.headers.setdefault("Strict-Transport-Security", f"max-age={_ONE_YEAR_S}")
    response.headers["X-Request-Id"] = g.get("request_id", "")
    return response
