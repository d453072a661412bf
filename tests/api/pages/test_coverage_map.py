"""The page of the map: what goes into it, and how far a base map opens the door to other hosts."""

from collections.abc import Callable

from flask.testing import FlaskClient

from api.http.headers import CONTENT_SECURITY_POLICY
from tests.api.world import PASSPHRASE, World

URL = "https://t{0-2}.tianditu.gov.cn/vec_w/wmts?TILEMATRIX={z}&TILEROW={y}&TILECOL={x}&tk=key"
APPROVAL = "审图号：GS(2025)0000号"


def desk_of(world: World, login: str = "leader") -> FlaskClient:
    client = world.client()
    token = client.get("/desk/sign-in").text.split('name="csrf_token" value="')[1].split('"')[0]
    client.post("/desk/sign-in", data={"csrf_token": token, "login": login, "passphrase": PASSPHRASE})
    return client


def test_without_a_base_map_no_other_host_is_named(world: World) -> None:
    answer = desk_of(world).get("/desk/map")
    assert answer.headers["Content-Security-Policy"] == CONTENT_SECURITY_POLICY
    assert "tianditu" not in answer.text


def test_a_base_map_opens_the_door_for_its_pictures_and_on_this_page_only(make_world: Callable[..., World]) -> None:
    world = make_world(basemap_urls=(URL,), basemap_approval=APPROVAL)
    client = desk_of(world)
    answer = client.get("/desk/map")
    policy = dict(part.strip().split(" ", 1) for part in answer.headers["Content-Security-Policy"].split(";"))
    servers = " ".join(f"https://t{number}.tianditu.gov.cn" for number in range(3))
    assert policy.pop("img-src") == f"'self' {servers} data: blob:"
    usual = dict(part.strip().split(" ", 1) for part in CONTENT_SECURITY_POLICY.split(";"))
    usual.pop("img-src")
    assert policy == usual
    assert APPROVAL in answer.text
    assert client.get("/desk/log").headers["Content-Security-Policy"] == CONTENT_SECURITY_POLICY
