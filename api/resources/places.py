"""Villages and boundaries."""

import json
from typing import Any

import marshmallow as ma
import shapely
from flask import Response, abort, jsonify

from api.http.blueprint import RoomBlueprint
from api.http.fields import Whole
from api.http.gzipped import already_gzipped
from api.http.house import house
from api.http.paging import PageQuery, page, read_cursor
from api.http.signin import current_actor
from visits.places import BoundaryView, boundary, check_tiles_reach, sets_joined_as, village, villages

places = RoomBlueprint("places", "Villages and boundaries")

# 7 digits of a degree are a centimetre; no boundary here is better than that.
COORDINATE_GRID_DEG = 1e-7
TILE_TYPE = "application/vnd.mapbox-vector-tile"
LAST_WEB_ZOOM = 24
COUNTY_CODE_LENGTH = 6


class VillageOut(ma.Schema):
    """A village."""

    code = ma.fields.String()
    name = ma.fields.String()
    town_code = ma.fields.String()
    town_name = ma.fields.String()
    county_code = ma.fields.String()
    county_name = ma.fields.String()
    kind = ma.fields.String()
    former_name = ma.fields.String(allow_none=True)
    poor_village = ma.fields.Boolean(allow_none=True)
    left_list_year = ma.fields.Integer(allow_none=True)
    programme_round = ma.fields.Integer(allow_none=True)
    valid_from = ma.fields.Date(allow_none=True)
    valid_to = ma.fields.Date(allow_none=True)
    successor_code = ma.fields.String(allow_none=True)
    predecessor_codes = ma.fields.List(ma.fields.String())


class TileSetOut(ma.Schema):
    """What a viewer must know of a county's tiles."""

    county_code = ma.fields.String()
    sha256 = ma.fields.String()
    first_zoom = ma.fields.Integer()
    last_zoom = ma.fields.Integer()
    bounds = ma.fields.List(ma.fields.Float())
    layers = ma.fields.List(ma.fields.String())
    numbers = ma.fields.Dict(keys=ma.fields.String(), values=ma.fields.Integer())


class VillageListOut(ma.Schema):
    """A page of villages, by code."""

    items = ma.fields.List(ma.fields.Nested(VillageOut))
    next = ma.fields.String(allow_none=True)


class VillageQuery(PageQuery):
    """Which villages."""

    programme_round = Whole(least=1, most=99, load_default=None)


class PackageVillageOut(ma.Schema):
    """The village as a phone needs it."""

    code = ma.fields.String()
    name = ma.fields.String()
    town_name = ma.fields.String()


class PackageSiteOut(ma.Schema):
    """A site as a phone needs it."""

    id = ma.fields.UUID()
    name = ma.fields.String()
    kind = ma.fields.String()
    lon_deg = ma.fields.Float()
    lat_deg = ma.fields.Float()
    radius_m = ma.fields.Float()
    quality = ma.fields.String()


class AreaProperties(ma.Schema):
    """What is known of a boundary beside its shape."""

    code = ma.fields.String()
    name = ma.fields.String()
    level = ma.fields.String()
    version = ma.fields.Integer()
    quality = ma.fields.String()
    boundary_error_m = ma.fields.Float()
    source = ma.fields.String()
    licence = ma.fields.String()


class AreaOut(ma.Schema):
    """A boundary as a GeoJSON feature, in WGS 84."""

    type = ma.fields.String()
    id = ma.fields.String()
    geometry = ma.fields.Dict()
    properties = ma.fields.Nested(AreaProperties)


@places.get("/villages")
@places.arguments(VillageQuery, location="query")
@places.response(200, VillageListOut)
def list_villages(query: dict[str, Any]) -> dict[str, Any]:
    """The villages of the own division, by code."""
    after = read_cursor(query["cursor"], str)
    with house().store.reading() as uow:
        found = villages(
            uow,
            current_actor(),
            after_code=after[0] if after else None,
            limit=query["limit"] + 1,
            programme_round=query["programme_round"],
        )
    return page(found, query["limit"], lambda one: (one.code,))


@places.get("/villages/<code>")
@places.response(200, VillageOut)
def show_village(code: str) -> Any:
    """One village."""
    with house().store.reading() as uow:
        return village(uow, current_actor(), _code(code))


@places.get("/areas/<code>")
@places.response(200, AreaOut)
def show_area(code: str) -> dict[str, Any]:
    """The boundary of a county, town or village, where one is known."""
    with house().store.reading() as uow:
        return _feature(boundary(uow, current_actor(), _code(code)))


@places.get("/tiles/<county_code>/<tiles_sha256>")
@places.response(200, TileSetOut)
def show_tile_set(county_code: str, tiles_sha256: str) -> Response:
    """Which number in these tiles is which division; `/coverage/status` names the tiles of today."""
    check_tiles_reach(current_actor(), county_code, tiles_sha256)
    facts = house().tiles.facts(county_code, tiles_sha256)
    return _for_ever(jsonify(TileSetOut().dump(facts)))


@places.get("/tiles/<county_code>/<tiles_sha256>/<int:zoom>/<int:column>/<int:row>.mvt")
@places.response(200, {"type": "string", "format": "binary"}, content_type=TILE_TYPE)
def show_tile(county_code: str, tiles_sha256: str, zoom: int, column: int, row: int) -> Response:
    """A vector tile of a county: shapes and numbers, no names. Empty (204) where there is nothing to draw.

    For a province or prefecture (2 or 4 digits) with what the tiles of its counties show there, under the name that
    `/coverage/status` gives.
    """
    data = _tile_data(county_code, tiles_sha256, zoom, column, row)
    if data is None:
        return _for_ever(Response(status=204))
    return _for_ever(already_gzipped(Response(data, mimetype=TILE_TYPE)))


def _tile_data(code: str, sha256: str, zoom: int, column: int, row: int) -> bytes | None:
    beyond = zoom > LAST_WEB_ZOOM or max(column, row) >= 2**zoom
    if len(code) == COUNTY_CODE_LENGTH:
        check_tiles_reach(current_actor(), code, sha256)
        return abort(404) if beyond else house().tiles.tile(code, sha256, zoom, column, row)
    with house().store.reading() as uow:
        sets = sets_joined_as(uow, current_actor(), code, sha256)
    return abort(404) if beyond else house().tiles.joined_tile(sets, zoom, column, row)


def _for_ever(response: Response) -> Response:
    """The response as something that never changes under its address; kept by the caller's own browser only."""
    response.headers["Cache-Control"] = "private, max-age=31536000, immutable"
    return response


def _code(code: str) -> str:
    """The code from an address; what cannot be one is not found, and never reaches the database."""
    if not (code.isascii() and code.isdigit() and len(code) <= 12):
        abort(404)
    return code


def _feature(found: BoundaryView) -> dict[str, Any]:
    geometry = shapely.set_precision(found.geometry, COORDINATE_GRID_DEG)
    return {
        "type": "Feature",
        "id": found.division_code,
        "geometry": json.loads(shapely.to_geojson(geometry)),
        "properties": {
            "code": found.division_code,
            "name": found.division_name,
            "level": found.level,
            "version": found.version,
            "quality": found.quality,
            "boundary_error_m": found.boundary_error_m,
            "source": found.source,
            "licence": found.licence,
        },
    }
