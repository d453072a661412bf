"""Every verb of tus for a client that can send only some: the header says what is meant."""

from collections.abc import Callable, Iterable
from typing import Any

from api.http.blueprint import API_PREFIX

WsgiApp = Callable[[dict[str, Any], Any], Iterable[bytes]]

_BELOW = f"{API_PREFIX}/uploads"


class MethodOverride:
    """Takes the method from ``X-HTTP-Method-Override``, whatever was sent as one, as tus asks; for uploads only."""

    def __init__(self, app: WsgiApp) -> None:
        self._app = app

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        meant = environ.get("HTTP_X_HTTP_METHOD_OVERRIDE", "").upper()
        path = environ.get("PATH_INFO", "")
        if meant.isascii() and meant.isalpha() and (path == _BELOW or path.startswith(f"{_BELOW}/")):
            environ["REQUEST_METHOD"] = meant
        return self._app(environ, start_response)
