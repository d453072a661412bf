"""A bundle over HTTP and by command, checked by a program that knows no data folder and no settings."""

import os
import re
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from click.testing import CliRunner

from api.cli import shidi
from tests.api.world import World, a_photo, begin_upload, photo_body, send_piece

ROOT = Path(__file__).parents[3]


@pytest.fixture
def bundle(world: World, tmp_path: Path) -> Path:
    """A bundle as it is downloaded, of a visit with one photo."""
    lin = world.phone("lin")
    visit_id = world.opened(lin)
    data = a_photo()
    lin.deliver(visit_id, lin.record(visit_id, "photo", photo_body(data)))
    assert send_piece(lin, begin_upload(lin, visit_id, data).headers["Location"], 0, data).status_code == 204
    world.work()
    answer = world.phone("org").get(f"visits/{visit_id}/bundle")
    assert answer.status_code == 200, answer.get_data(as_text=True)
    assert int(answer.headers["Content-Length"]) == len(answer.data)
    assert f"shidi-{visit_id}.zip" in answer.headers["Content-Disposition"]
    path = tmp_path / "bundle.zip"
    path.write_bytes(answer.data)
    return path


def spoil_the_photo(bundle: Path) -> str:
    """Flip one bit in the middle of the photo; the name it has in the bundle."""
    with zipfile.ZipFile(bundle) as opened:
        [name] = [name for name in opened.namelist() if name.startswith("photos/")]
        photo = opened.read(name)
    data = bytearray(bundle.read_bytes())
    data[data.index(photo) + len(photo) // 2] ^= 1
    bundle.write_bytes(data)
    return name


def verify(*arguments: object) -> tuple[int, str]:
    answer = CliRunner().invoke(shidi, ["verify", *map(str, arguments)], obj={})
    return answer.exit_code, answer.output


def test_a_bundle_holds_and_a_changed_photo_is_named(bundle: Path) -> None:
    code, said = verify(bundle)
    assert code == 0, said
    assert "1 records and 1 photos are whole and in the log" in said
    assert "nothing is wrong" in said
    name = spoil_the_photo(bundle)
    code, said = verify(bundle)
    assert code == 1
    assert f"{name} was changed" in said


def test_it_is_checked_against_a_checkpoint_that_was_kept(bundle: Path, world: World, tmp_path: Path) -> None:
    kept = tmp_path / "kept.json"
    kept.write_bytes(world.phone("org").get("log/checkpoints/latest").data)
    code, said = verify(bundle, "--checkpoint", kept)
    assert code == 0, said
    assert "same unchanged log" in said
    checked = CliRunner().invoke(shidi, ["witness", "check", str(kept), "--against", str(bundle)], obj={})
    assert checked.exit_code == 0, checked.output


def test_a_stamp_that_is_asked_for_and_not_there_is_said(bundle: Path, tmp_path: Path) -> None:
    authority = tmp_path / "authority.pem"
    authority.write_text("none")
    code, said = verify(bundle, "--authority", authority)
    assert code == 1
    assert "no time stamp" in said


def test_a_machine_with_the_program_and_nothing_else_can_check(bundle: Path, tmp_path: Path) -> None:
    """No data folder, no settings, nothing of the database is even loaded by the check itself."""
    empty = tmp_path / "empty"
    empty.mkdir()
    script = (
        "import sys; from media.proof import verify_bundle; "
        f"print(verify_bundle(open({str(bundle)!r}, 'rb')).photos); "
        "print([m for m in ('visits', 'sqlalchemy', 'flask') if m in sys.modules])"
    )
    answer = subprocess.run(
        [sys.executable, "-c", script],
        cwd=empty,
        env={"PYTHONPATH": str(ROOT), "PATH": os.environ["PATH"]},
        capture_output=True,
        text=True,
        check=True,
    )
    assert answer.stdout.split("\n")[:2] == ["1", "[]"]
    assert list(empty.iterdir()) == []


def test_the_stranger_s_own_program_in_the_documentation_works(bundle: Path, tmp_path: Path) -> None:
    text = (ROOT / "docs" / "evidence.md").read_text("utf-8")
    [program] = re.findall(r"```python\n(import .*?)```", text, re.DOTALL)
    assert "media" not in re.findall(r"import (\w+)", program)
    assert len(program.splitlines()) <= 60
    script = tmp_path / "stranger.py"
    script.write_text(program)
    done = subprocess.run([sys.executable, script, bundle], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "1 records and 1 photos" in done.stdout
    spoil_the_photo(bundle)
    done = subprocess.run([sys.executable, script, bundle], capture_output=True, text=True, check=False)
    assert done.returncode != 0
