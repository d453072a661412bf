"""The command line: an empty folder becomes an installation, files come in whole or not at all, and it serves."""

import csv
import json
import os
import signal
import subprocess
import sys
import urllib.request
from datetime import UTC, datetime
from pathlib import Path

from click.testing import CliRunner
from openpyxl import load_workbook
from sqlalchemy import select

from api.cli import shidi
from api.cli.place import Place
from tests.api.cli.folder import Folder
from tests.api.world import COUNTY
from visits.access import Account

ROOT = Path(__file__).parents[3]


VILLAGE_HEADER: list[object] = ["乡镇（街道）", "行政村（社区）", "行政村代码"]
ACCOUNT_HEADER: list[object] = ["姓名", "登录名", "角色", "管辖区划代码"]


def with_villages(folder: Folder) -> None:
    book = folder.book("villages.xlsx", VILLAGE_HEADER, ["下党乡", "下党村", "350924100201"])
    answer = folder.run("import", "villages", book, "--county-name", "寿宁县", "--as", "root")
    assert answer.exit_code == 0, answer.output
    assert "imported: 1 new" in answer.output


def with_organization(folder: Folder) -> None:
    answer = folder.run(
        *("user", "add", "--login", "org", "--name", "组织部", "--role", "organization", "--division", COUNTY),
        login="root",
    )
    assert answer.exit_code == 0, answer.output


def test_a_second_bootstrap_is_refused(folder: Folder) -> None:
    answer = folder.run("bootstrap", "--login", "other", "--name", "x", "--division", COUNTY)
    assert answer.exit_code == 1
    assert "exists already" in answer.output


def test_migrating_again_changes_nothing(folder: Folder) -> None:
    assert folder.run("migrate").exit_code == 0


def test_a_command_says_as_whom(folder: Folder) -> None:
    book = folder.book("villages.xlsx", VILLAGE_HEADER, ["下党乡", "下党村", "350924100201"])
    answer = folder.run("import", "villages", book)
    assert answer.exit_code == 2
    assert "--as LOGIN" in answer.output
    unknown = folder.run("import", "villages", book, login="nobody")
    assert unknown.exit_code == 1
    assert "there is no account nobody" in unknown.output


def test_a_refused_workbook_comes_back_marked_with_every_reason_and_stores_nothing(folder: Folder) -> None:
    book = folder.book(
        "villages.xlsx",
        VILLAGE_HEADER,
        ["下党乡", "下党村", "350924100201"],
        ["下党乡", "短码村", "3509"],
        ["溪尾镇", "外县村", "350981100201"],
    )
    answer = folder.run("import", "villages", book, login="root")
    assert answer.exit_code == 1
    assert "row 3" in answer.output
    assert "row 4" in answer.output
    marked = load_workbook(folder.path / "villages.marked.xlsx")
    text = " ".join(str(cell.value) for row in marked.active.iter_rows() for cell in row)
    assert "12 位" in text
    assert "不在本账号的范围" in text
    with_villages(folder)  # one new village: the refused book left none behind


def test_accounts_come_from_a_list_and_their_passphrases_go_to_one_private_file(folder: Folder) -> None:
    book = folder.book(
        "accounts.xlsx", ACCOUNT_HEADER, ["林督查", "lin", "督查员", COUNTY], ["陈督查", "chen", "督查员", COUNTY]
    )
    out = folder.path / "passphrases.csv"
    answer = folder.run("import", "accounts", book, "--passphrases", out, login="root")
    assert answer.exit_code == 0, answer.output
    assert out.stat().st_mode & 0o777 == 0o600
    lines = list(csv.DictReader(out.read_text(encoding="utf-8").splitlines()))
    assert [line["login"] for line in lines] == ["lin", "chen"]
    assert all(len(line["passphrase"]) >= 12 for line in lines)
    assert lines[0]["passphrase"] not in answer.output

    again = folder.run("import", "accounts", book, "--passphrases", folder.path / "more.csv", login="root")
    assert again.exit_code == 1
    assert "taken" in again.output
    assert not (folder.path / "more.csv").exists()


def test_roster_sites_and_leave_come_in(folder: Folder) -> None:
    with_villages(folder)
    with_organization(folder)
    roster = folder.book(
        "roster.xlsx",
        ["乡镇", "派驻村", "姓名", "出生年月", "派出单位", "派驻身份", "驻村起始时间"],
        ["下党乡", "下党村", "张三", "1985-03", "县财政局", "下派村党支部书记", "2026-01-01"],
    )
    taken = folder.run("import", "roster", roster, login="org")
    assert taken.exit_code == 0, taken.output
    assert "imported: 1 new" in taken.output
    sites = folder.book(
        "sites.xlsx",
        ["乡镇", "村名", "驻点名称", "种类", "经度", "纬度", "坐标系"],
        ["下党乡", "下党村", "村部", "办公点", 119.504, 27.455, "WGS84"],
    )
    taken = folder.run("import", "sites", sites, login="root")
    assert taken.exit_code == 0, taken.output
    leave = folder.book(
        "leave.xlsx",
        ["姓名", "派驻村", "类别", "离村时间", "拟返村时间", "登记簿来源"],
        ["张三", "下党村", "事假", "2026-05-11", "2026-05-13", "乡镇"],
    )
    unsaid = folder.run("import", "leave", leave, login="org")
    assert unsaid.exit_code == 1
    assert "--filled-on" in unsaid.output
    taken = folder.run("import", "leave", leave, "--filled-on", "2026-05-14", login="org")
    assert taken.exit_code == 0, taken.output
    assert "imported: 1 new" in taken.output
    said = folder.run("presence", login="org")
    assert said.exit_code == 0, said.output
    assert "posting_id,village_code,says,about,visits,found" in said.output
    # Nobody was visited: not enough visits, and nothing else.
    assert ",insufficient,,0,0,,,,," in said.output


def test_a_row_of_the_roster_that_the_room_refuses_is_marked_in_its_own_cell(folder: Folder) -> None:
    with_villages(folder)
    with_organization(folder)
    roster = folder.book(
        "roster.xlsx",
        ["派驻村", "姓名", "出生年月", "派出单位", "派驻身份", "驻村起始时间", "任期届满时间"],
        ["下党村", "张三", "1985-03", "县财政局", "第一书记", "2026-01-01", "2025-01-01"],
    )
    answer = folder.run("import", "roster", roster, "--marked", folder.path / "back.xlsx", login="org")
    assert answer.exit_code == 1
    assert "row 2, to_date" in answer.output
    page = load_workbook(folder.path / "back.xlsx").active
    assert page["G2"].comment is not None


def test_areas_come_from_geojson_and_a_refusal_names_the_feature(folder: Folder) -> None:
    with_villages(folder)
    ring = [[119.4, 27.4], [119.6, 27.4], [119.6, 27.6], [119.4, 27.6], [119.4, 27.4]]
    feature = {
        "type": "Feature",
        "properties": {"code": "350924100201"},
        "geometry": {"type": "Polygon", "coordinates": [ring]},
    }
    good = folder.path / "areas.geojson"
    good.write_text(json.dumps({"type": "FeatureCollection", "features": [feature]}))
    answer = folder.run("import", "areas", good, "--datum", "cgcs2000", "--quality", "map", login="root")
    assert answer.exit_code == 0, answer.output
    bad = folder.path / "bad.geojson"
    point = {**feature, "geometry": {"type": "Point", "coordinates": [119.4, 27.4]}}
    bad.write_text(json.dumps({"type": "FeatureCollection", "features": [feature, point]}))
    refused = folder.run("import", "areas", bad, "--datum", "wgs84", login="root")
    assert refused.exit_code == 1
    assert "feature 2" in refused.output
    elsewhere = {**feature, "properties": {"code": "350981100201"}}
    bad.write_text(json.dumps({"type": "FeatureCollection", "features": [elsewhere]}))
    refused = folder.run("import", "areas", bad, "--datum", "wgs84", login="root")
    assert refused.exit_code == 1
    assert "outside your division" in refused.output


def test_areas_come_from_a_geopackage_in_its_own_crs_and_an_overlap_is_told(folder: Folder) -> None:
    import numpy as np
    import pyogrio
    import shapely

    with_villages(folder)
    more = folder.book("more.xlsx", VILLAGE_HEADER, ["下党乡", "上党村", "350924100202"])
    assert folder.run("import", "villages", more, login="root").exit_code == 0
    east_m, north_m, side_m = 440_000.0, 3_035_000.0, 2_000.0
    squares = [
        shapely.box(east_m, north_m, east_m + side_m, north_m + side_m),
        shapely.box(east_m + side_m - 100, north_m, east_m + 2 * side_m, north_m + side_m),
    ]
    path = folder.path / "villages.gpkg"
    pyogrio.raw.write(
        path,
        geometry=shapely.to_wkb(np.array(squares)),
        field_data=[np.array(["350924100201", "350924100202"], dtype=object)],
        fields=np.array(["code"], dtype=object),
        crs="EPSG:4549",
        geometry_type="Polygon",
        driver="GPKG",
    )
    answer = folder.run("import", "areas", path, "--quality", "map", login="root")
    assert answer.exit_code == 0, answer.output
    assert "imported: 2 new" in answer.output
    assert "overlap of" in answer.output


def test_check_is_clean_on_a_new_installation_and_finds_a_changed_line(folder: Folder) -> None:
    clean = folder.run("check")
    assert clean.exit_code == 0, clean.output
    assert "all is there and unchanged" in clean.output


def test_a_setting_that_cannot_be_used_is_named(tmp_path: Path) -> None:
    answer = CliRunner().invoke(shidi, ["--data", str(tmp_path), "migrate"], obj={"SHIDI_PORT": "eighty"})
    assert answer.exit_code == 1
    assert "SHIDI_PORT" in answer.output


def test_it_serves_one_at_a_time_and_stops_when_told(folder: Folder) -> None:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("SHIDI_")}
    command = [sys.executable, "-c", "from wsgi import command_line; command_line()"]
    arguments = ["serve", "--port", "0", "--data", str(folder.data)]
    server = subprocess.Popen(
        [*command, *arguments], cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    )
    try:
        assert server.stdout is not None
        line = server.stdout.readline()
        assert line.startswith("Shidi is at http://127.0.0.1:")
        address = line.split()[3].removesuffix("/desk/")
        with urllib.request.urlopen(f"{address}/readyz", timeout=10) as answer:
            assert answer.status == 200
        second = subprocess.run(
            [*command, *arguments], cwd=ROOT, env=environment, capture_output=True, text=True, timeout=60, check=False
        )
        assert second.returncode == 1
        assert "already serves" in second.stderr
        server.send_signal(signal.SIGTERM)
        assert server.wait(timeout=20) == 0
    finally:
        server.kill()
        server.communicate()


def test_a_command_acts_at_the_time_of_the_clock_it_was_brought(tmp_path: Path) -> None:
    early = datetime(2026, 3, 2, 8, tzinfo=UTC)
    place = Place(environ={}, data_dir=tmp_path / "early", clock=lambda: early)
    said = ["bootstrap", "--login", "root", "--name", "管理员", "--division", COUNTY]
    answer = CliRunner().invoke(shidi, said, obj=place)
    assert answer.exit_code == 0, answer.output
    with place.store() as store, store.reading() as uow:
        assert uow.session.scalars(select(Account.created_utc)).all() == [early]
