"""The map of visits: where they have and have not been, drawn in the browser from the very numbers beside it."""

import re
from dataclasses import asdict
from functools import cache
from uuid import UUID

from flask import Response, request

from api.http.headers import CONTENT_SECURITY_POLICY
from api.http.house import house, now_utc
from api.http.signin import current_actor
from api.pages.blueprint import desk
from api.pages.frame import page, spoken
from api.pages.words import WEB
from visits.access import Actor, Right, require
from visits.fieldwork import drawn_reach, visit
from visits.plans import may_see_lines
from visits.zone import LOCAL_ZONE

LAYERS = ("since", "visits", "slots", "night", "origin", "problems", "quota")
_SCRIPT_WORDS = ("map.", "slot.", "common.separator", "frame.internal")
_SERVERS = re.compile(r"\{([0-9])-([0-9])\}")


@desk.get("/map")
def show_map() -> Response:
    """Villages visited and never visited, with one visit marked when the address names it."""
    actor = current_actor()
    require(actor, Right.READ_COVERAGE)
    settings = house().settings
    with house().store.reading() as uow:
        drawn = drawn_reach(uow, actor)
    response = page(
        "map.html",
        layers=[layer for layer in LAYERS if _may_see(layer, actor)],
        modules=_modules(),
        script_words={key: text for key, text in spoken().texts.items() if key.startswith(_SCRIPT_WORDS)},
        script_settings={
            "visitVillage": _village_of_visit(actor),
            "drawn": drawn and asdict(drawn),
            "today": now_utc().astimezone(LOCAL_ZONE).date().isoformat(),
            "basemap": {
                "urls": settings.basemap_urls,
                "grid": settings.basemap_grid,
                "approval": settings.basemap_approval,
            },
        },
        basemap_approval=settings.basemap_approval if settings.basemap_urls else "",
    )
    if settings.basemap_urls:
        response.headers["Content-Security-Policy"] = policy_with(settings.basemap_urls)
    return response


def _may_see(layer: str, actor: Actor) -> bool:
    if layer == "problems":
        return actor.may(Right.READ_LEDGER)
    return layer != "quota" or may_see_lines(actor)


def policy_with(basemap_urls: tuple[str, ...]) -> str:
    """The usual policy, and pictures from the servers of the base map too."""
    hosts = sorted({host for url in basemap_urls for host in _hosts(url)})
    return CONTENT_SECURITY_POLICY.replace("img-src 'self'", f"img-src 'self' {' '.join(hosts)}")


def _hosts(url: str) -> list[str]:
    """The servers of a template: ``https://t{0-2}.example/…`` has three."""
    scheme, _, rest = url.partition("://")
    host = f"{scheme}://{rest.partition('/')[0]}"
    found = _SERVERS.search(host)
    if found is None:
        return [host]
    return [host.replace(found[0], str(one)) for one in range(int(found[1]), int(found[2]) + 1)]


@cache
def _modules() -> list[str]:
    """The scripts that the page's first one asks for, so that a browser fetches them at once."""
    return sorted(path.name for path in (WEB / "desk" / "static" / "map").glob("*.js"))


def _village_of_visit(actor: Actor) -> str:
    """The code of the village of the visit to mark; what is no id marks nothing."""
    asked = request.args.get("visit", "")
    if not asked or not actor.may(Right.READ_VISITS):
        return ""
    try:
        # Reading a visit leaves a line in the audit trail.
        with house().store.writing() as uow:
            return visit(uow, actor, UUID(asked), at_utc=now_utc()).summary.village.code
    except ValueError:
        return ""
