"""``shidi retention run``: look first, then remove exactly that; afterwards nobody is told a plain 404."""

import hashlib
import re
from datetime import timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from sqlalchemy import select

from api.app import create_app
from api.cli import shidi
from api.jobs import job_handlers
from api.settings import BadSetting, read_settings
from tests.api.resources.test_phone_exports import bring, manifest, of_visit, results, seal
from tests.api.world import FIX, PASSPHRASE, Phone, World, a_photo, begin_upload, photo_body, send_piece
from tests.phone_exports import container
from visits.store import Job
from visits.upkeep import NightRules, read_rules

ROOT = Path(__file__).parents[3]
ONE_DAY = '[[rule]]\nname = "正常满一天"\nof = "in_order"\ndays = 1\n'


@pytest.fixture
def rules(tmp_path: Path) -> Path:
    path = tmp_path / "rules.toml"
    path.write_text(ONE_DAY, "utf-8")
    return path


@pytest.fixture
def lin(world: World) -> Phone:
    return world.phone("lin")


@pytest.fixture
def photo() -> bytes:
    return a_photo()


@pytest.fixture
def visit_id(world: World, lin: Phone, photo: bytes) -> str:
    """A visit in order, closed and complete, with one photo that was read."""
    visit_id = world.opened(lin)
    said = {"records": 3, "escorted": False, "warned_beforehand": False, "note": ""}
    lin.deliver(
        visit_id,
        lin.record(visit_id, "arrive", {"fix": FIX, "no_fix_reason": None}),
        lin.record(visit_id, "photo", photo_body(photo)),
        lin.record(visit_id, "close", said),
    )
    assert send_piece(lin, begin_upload(lin, visit_id, photo).headers["Location"], 0, photo).status_code == 204
    world.work()
    return visit_id


def run(world: World, rules: Path, *more: str, login: str = "org") -> Result:
    said = ["--data", str(world.settings.data_dir), "retention", "run", "--rules", str(rules), "--as", login, *more]
    return CliRunner().invoke(shidi, said, obj={})


def at_the_desk(world: World, path: str) -> tuple[int, str]:
    """What the organization department's browser is shown."""
    client = world.client()
    form = client.get("/desk/sign-in").get_data(as_text=True)
    token = form.split('name="csrf_token" value="')[1].split('"')[0]
    client.post("/desk/sign-in", data={"csrf_token": token, "login": "org", "passphrase": PASSPHRASE, "next": "/desk/"})
    answer = client.get(path)
    return answer.status_code, answer.get_data(as_text=True)


def test_what_was_looked_at_is_removed_and_nothing_else(
    world: World, rules: Path, visit_id: str, lin: Phone, photo: bytes
) -> None:
    org, path = world.phone("org"), f"visits/{visit_id}/photos/{hashlib.sha256(photo).hexdigest()}"
    looked = run(world, rules)
    assert looked.exit_code == 0, looked.output
    assert f"would remove visit {visit_id} by rule '正常满一天'" in looked.output
    digest = re.findall(r"--confirm ([0-9a-f]{12})\n", looked.output)[0]
    wrong = run(world, rules, "--confirm", "0" * 12)
    assert wrong.exit_code == 1
    assert f"look again (it is {digest} now)" in wrong.output
    assert run(world, rules, "--confirm", digest, login="admin").exit_code == 1
    assert org.get(f"{path}/original").data == photo

    done = run(world, rules, "--confirm", digest)
    assert done.exit_code == 0, done.output
    assert f"removed visit {visit_id} by rule '正常满一天'" in done.output
    again = run(world, rules)
    assert again.exit_code == 0, again.output
    assert "0 would remove, 0 stay" in again.output
    checked = CliRunner().invoke(shidi, ["--data", str(world.settings.data_dir), "check"], obj={})
    assert checked.exit_code == 0, checked.output

    for what in ("display", "original", "alike"):
        answer = org.get(f"{path}/{what}")
        assert (answer.status_code, answer.get_json()["type"]) == (410, "/problems/removed-by-rule")
        assert world.phone("elsewhere").get(f"{path}/{what}").status_code == 404
    assert org.get(f"visits/{visit_id}/photos/{'0' * 64}/original").status_code == 404
    for page in ("", "/alike"):
        status, shown = at_the_desk(world, f"/desk/{path}{page}")
        assert (status, "按规定删除" in shown) == (410, True)
    assert at_the_desk(world, f"/desk/visits/{visit_id}")[0] == 200
    assert begin_upload(lin, visit_id, photo).status_code == 410

    # A stick that still holds it: said in words, and not kept whole again.
    inside = of_visit(visit_id, [lin.record(visit_id, "all_in_order", {})], photo)
    brought = bring(world, "office", seal(world, container(manifest(world, lin, inside), [photo])))
    [told] = results(brought)
    assert [record["reason"] for record in told["records"]] == ["removed_by_rule"]
    assert [photo["outcome"] for photo in told["photos"]] == ["removed_by_rule"]
    assert list(world.house.evidence.walk()) == []


def test_what_is_due_is_said_by_check_and_ordered_by_the_rules_of_the_settings(
    world: World, rules: Path, visit_id: str
) -> None:
    def said(environ: dict[str, str], *words: str) -> str:
        return CliRunner().invoke(shidi, ["--data", str(world.settings.data_dir), *words], obj=environ).output

    assert "due by" not in said({}, "check")
    assert "give --rules" in said({}, "retention", "run", "--as", "org")
    ruled = {"SHIDI_RETENTION_RULES": str(rules)}
    assert "due by the rules of removal in 350924: 1 visits wait" in said(ruled, "check")
    assert f"would remove visit {visit_id} by rule '正常满一天'" in said(ruled, "retention", "run", "--as", "org")


@pytest.mark.parametrize("written", ["days = 1", None])
def test_rules_that_cannot_be_read_stop_the_server_at_its_start(tmp_path: Path, written: str | None) -> None:
    path = tmp_path / "rules.toml"
    if written is not None:
        path.write_text(written, "utf-8")
    with pytest.raises(BadSetting, match=r"SHIDI_RETENTION_RULES names .*rules\.toml"):
        create_app(read_settings({"SHIDI_RETENTION_RULES": str(path)}, data_dir=tmp_path))


def test_the_example_in_the_documentation_can_be_read() -> None:
    example = (ROOT / "docs" / "retention.example.toml").read_text("utf-8")
    assert {rule.of for rule in read_rules(example)} == {"in_order", "with_problems", "held_against", "aborted"}
    [shown] = re.findall(r"```toml\n(.*?)```", (ROOT / "docs" / "evidence.md").read_text("utf-8"), re.DOTALL)
    [rule] = read_rules(shown)
    assert rule in read_rules(example)


def test_positions_are_blurred_by_the_nightly_job_and_every_page_says_so(
    world: World, visit_id: str, lin: Phone, photo: bytes
) -> None:
    org, now = world.phone("org"), world.clock()
    assert org.get(f"visits/{visit_id}").get_json()["blurred_utc"] is None
    in_time = job_handlers(
        world.house.evidence, world.house.tiles, lambda: now + timedelta(days=8), rules=NightRules(blur_days=7)
    )
    in_time["blur_visits"](world.store, "daily")
    with world.store.reading() as uow:
        [due] = uow.session.scalars(select(Job.due_utc).where(Job.kind == "blur_visits", Job.state == "waiting"))
    assert now + timedelta(days=8) < due < now + timedelta(days=10), "the next night's run waits"
    told = org.get(f"visits/{visit_id}").get_json()
    assert told["blurred_after_days"] == 7
    [fix] = next(one for one in told["records"] if one["kind"] == "arrive")["fixes"]
    assert (fix["lon_deg"], fix["wgs84_lat_deg"], fix["blurred"]) == (None, None, True)
    assert fix["accuracy_m"] == FIX["accuracy_m"]
    sha256 = hashlib.sha256(photo).hexdigest()
    for page, words in (
        (f"/desk/visits/{visit_id}", "7 天后"),
        (f"/desk/visits/{visit_id}/photos/{sha256}", "模糊到村"),
    ):
        status, shown = at_the_desk(world, page)
        assert (status, words in shown) == (200, True)
        assert str(FIX["lon_deg"]) not in shown
    said = ["--data", str(world.settings.data_dir), "retention", "blurring", "--as"]
    assert "0 are blurred by the server's next nightly run" in CliRunner().invoke(shidi, [*said, "org"]).output
    assert CliRunner().invoke(shidi, [*said, "office"]).exit_code == 1
