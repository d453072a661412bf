"""The page that shows the API's description, from files of the installed package; nothing comes from outside."""

from importlib import resources

from flask import Blueprint, Response, send_from_directory

from api.http.blueprint import API_PREFIX

docs_page = Blueprint("docs_page", __name__, url_prefix=f"{API_PREFIX}/docs")

_FILES = frozenset({"swagger-ui.css", "swagger-ui-bundle.js", "favicon-32x32.png"})
_PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<title>Shidi API</title>
<link rel="stylesheet" href="docs/files/swagger-ui.css">
<link rel="icon" href="docs/files/favicon-32x32.png">
</head>
<body>
<div id="api"></div>
<script src="docs/files/swagger-ui-bundle.js"></script>
<script src="docs/start.js"></script>
</body>
</html>
"""
# Swagger UI would send the description to a validator on the internet; null turns that off.
_START = """window.ui = SwaggerUIBundle({
  url: "openapi.json",
  dom_id: "#api",
  validatorUrl: null,
  deepLinking: true,
  presets: [SwaggerUIBundle.presets.apis],
});
"""
# Swagger UI styles its parts with style attributes; scripts stay as strict as everywhere.
_POLICY = (
    "default-src 'self'; img-src 'self' data:; style-src 'self' 'unsafe-inline'; object-src 'none'; "
    "base-uri 'none'; frame-ancestors 'none'; form-action 'self'"
)


@docs_page.get("")
def show_docs() -> Response:
    """The page itself."""
    page = Response(_PAGE, mimetype="text/html")
    page.headers["Content-Security-Policy"] = _POLICY
    return page


@docs_page.get("/start.js")
def start_script() -> Response:
    """The few lines that start Swagger UI; a file of its own, since inline scripts are forbidden."""
    return Response(_START, mimetype="text/javascript")


@docs_page.get("/files/<name>")
def swagger_file(name: str) -> Response:
    """One of the three files of Swagger UI that the page needs."""
    folder = str(resources.files("flask_swagger_ui") / "dist")
    return send_from_directory(folder, name if name in _FILES else "none", max_age=3600)
