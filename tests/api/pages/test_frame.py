"""The frame of the desk: where one may be led on to."""

import pytest

from api.pages.frame import inside_desk


@pytest.mark.parametrize("path", ["/desk/", "/desk/visits/1?state=open", "/desk/map?at=9.0/27.4000/119.5000"])
def test_a_path_of_the_desk_is_kept(path: str) -> None:
    assert inside_desk(path) == path


@pytest.mark.parametrize(
    "path",
    [
        None,
        "",
        "/",
        "/api/v1/me",
        "//evil.example/desk/",
        "https://evil.example/desk/",
        "/desk/\\x",
        "/desk/\r\nx",
        "/desk/\x00",
    ],
)
def test_anything_else_becomes_the_first_page(path: str | None) -> None:
    assert inside_desk(path) == "/desk/"
