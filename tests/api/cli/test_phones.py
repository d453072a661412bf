"""``shidi import phone``: a file from a stick, its receipt into a file, and what cannot be opened is kept."""

import hashlib
import json
from pathlib import Path

from click.testing import CliRunner, Result

from api.cli import shidi
from api.cli.place import Place
from tests.api.resources.test_phone_exports import manifest, of_visit, seal, unsent_visit
from tests.api.world import World, a_photo
from tests.phone_exports import container


def brought(world: World, file: Path, receipt: Path, login: str = "office") -> Result:
    said = ["--data", world.settings.data_dir, "import", "phone", file, "--receipt", receipt, "--as", login]
    at = Place(environ={}, clock=world.clock)
    return CliRunner().invoke(shidi, [str(one) for one in said], obj=at)


def test_a_phones_work_comes_in_and_the_receipt_goes_out(world: World, tmp_path: Path) -> None:
    lin, photo = world.phone("lin"), a_photo()
    visit_id = world.opened(lin)
    visit = of_visit(visit_id, unsent_visit(lin, visit_id, photo), photo)
    file, receipt = tmp_path / "lin.shidi", tmp_path / "receipt.json"
    file.write_bytes(seal(world, container(manifest(world, lin, visit), [photo])))
    answer = brought(world, file, receipt)
    assert answer.exit_code == 0, answer.output
    assert f"visit {visit_id}: 5 records accepted\nvisit {visit_id}: 1 photos arrived\n" in answer.output
    assert json.loads(json.loads(receipt.read_text("utf-8"))["receipts"])["results"][0]["visit_id"] == visit_id
    world.work()
    assert lin.get(f"visits/{visit_id}").get_json()["summary"]["complete"] is True


def test_what_cannot_be_opened_is_kept_and_leaves_no_receipt(world: World, tmp_path: Path) -> None:
    file, receipt = tmp_path / "lin.shidi", tmp_path / "receipt.json"
    file.write_bytes(b"no export")
    answer = brought(world, file, receipt)
    assert answer.exit_code == 1
    assert "the file cannot be opened" in answer.output
    assert not receipt.exists()
    assert world.house.evidence.has(hashlib.sha256(b"no export").hexdigest())


def test_who_may_not_brings_nothing_in(world: World, tmp_path: Path) -> None:
    (tmp_path / "lin.shidi").write_bytes(b"no export")
    answer = brought(world, tmp_path / "lin.shidi", tmp_path / "receipt.json", login="org")
    assert answer.exit_code == 1
    assert not world.house.evidence.has(hashlib.sha256(b"no export").hexdigest())
