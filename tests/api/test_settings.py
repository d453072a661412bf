"""Settings: defaults that run, refusals that name the variable, and a table for people that misses none."""

import re
from pathlib import Path

import pytest

from api.settings import BadSetting, read_settings

ROOT = Path(__file__).parents[2]


def test_nothing_has_to_be_set(tmp_path: Path) -> None:
    settings = read_settings({}, data_dir=tmp_path)
    assert settings.database_url == f"sqlite:///{tmp_path / 'shidi.sqlite'}"
    assert settings.master_key_path == tmp_path / "master.key"
    assert (settings.host, settings.port, settings.language) == ("127.0.0.1", 8000, "zh")


def test_what_is_set_is_taken(tmp_path: Path) -> None:
    settings = read_settings({"SHIDI_DATA": str(tmp_path), "SHIDI_PORT": "9000", "SHIDI_TRUSTED_PROXY": "10.0.0.1"})
    assert (settings.data_dir, settings.port, settings.trusted_proxy) == (tmp_path, 9000, "10.0.0.1")


@pytest.mark.parametrize("port", ["", "0", "-1", "65536", "８０", "80.0", "9" * 50])
def test_a_number_that_is_none_is_refused_by_name(port: str) -> None:
    with pytest.raises(BadSetting, match="SHIDI_PORT"):
        read_settings({"SHIDI_PORT": port})


@pytest.mark.parametrize(("name", "value"), [("SHIDI_LANGUAGE", "fr"), ("SHIDI_LANGUAGE", "")])
def test_a_word_that_is_none_of_those_known_is_refused_by_name(name: str, value: str) -> None:
    with pytest.raises(BadSetting, match=name):
        read_settings({name: value})


TIANDITU = "https://t{0-2}.tianditu.gov.cn/vec_w/wmts?TILEMATRIX={z}&TILEROW={y}&TILECOL={x}&tk=key"
APPROVED = {"SHIDI_BASEMAP_APPROVAL": "审图号：GS(2025)0000号"}


def test_a_base_map_is_shown_when_its_approval_is_known(tmp_path: Path) -> None:
    assert read_settings({}, data_dir=tmp_path).basemap_urls == ()
    two = {"SHIDI_BASEMAP_URL": f"{TIANDITU} {TIANDITU.replace('vec', 'cva')}", **APPROVED}
    settings = read_settings(two, data_dir=tmp_path)
    assert (len(settings.basemap_urls), settings.basemap_grid) == (2, "w")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("SHIDI_BASEMAP_APPROVAL", " "),
        ("SHIDI_BASEMAP_GRID", "x"),
        ("SHIDI_BASEMAP_GRID", "c"),
        ("SHIDI_BASEMAP_URL", TIANDITU.replace("{z}", "1")),
        ("SHIDI_BASEMAP_URL", TIANDITU.replace("https:", "ftp:")),
        ("SHIDI_BASEMAP_URL", TIANDITU.replace("tianditu.gov.cn", "x;script-src*")),
        ("SHIDI_BASEMAP_URL", TIANDITU.replace("https://t{0-2}.", "https://user@")),
    ],
)
def test_a_base_map_that_would_lie_or_may_not_be_shown_is_refused(name: str, value: str) -> None:
    with pytest.raises(BadSetting, match=name):
        read_settings({"SHIDI_BASEMAP_URL": TIANDITU, **APPROVED, name: value})


def test_every_variable_is_in_the_table_for_people() -> None:
    code = set(re.findall(r"\bSHIDI_[A-Z_]+", (ROOT / "api" / "settings.py").read_text(encoding="utf-8")))
    table = set(re.findall(r"`(SHIDI_[A-Z_]+)`", (ROOT / "docs" / "settings.md").read_text(encoding="utf-8")))
    assert code == table
