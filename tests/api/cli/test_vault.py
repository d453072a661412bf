"""``shidi vault``: the organ's own key, made and used with files only."""

import json
import stat
from pathlib import Path

from click.testing import CliRunner, Result

from api.cli import shidi
from media.proof import new_device_key, seal_identity

PASSPHRASE = "一句只有纪委知道的长口令"


def run(*said: str) -> Result:
    return CliRunner().invoke(shidi, ["vault", *said], obj={})


def test_a_key_is_made_an_identity_sealed_and_opened_again(tmp_path: Path) -> None:
    key, public, sealed = (str(tmp_path / name) for name in ("key.pem", "public.json", "sealed.json"))
    made = run("new", "--key", key, "--public", public, "--passphrase", PASSPHRASE)
    assert made.exit_code == 0, made.output
    assert stat.S_IMODE(Path(key).stat().st_mode) == 0o600
    assert "ENCRYPTED" in Path(key).read_text()
    assert run("new", "--key", key, "--public", public, "--passphrase", PASSPHRASE).exit_code == 1, "never overwritten"
    assert run("seal", "--public", public, "--name", "演示举报人", "--contact", "来信", "--out", sealed).exit_code == 0
    assert "演示" not in Path(sealed).read_text()
    opened = run("open", sealed, "--key", key, "--passphrase", PASSPHRASE)
    assert opened.exit_code == 0, opened.output
    assert "name: 演示举报人" in opened.output
    assert "contact: 来信" in opened.output


def test_refusals_are_one_sentence(tmp_path: Path) -> None:
    key, public, foreign = tmp_path / "key.pem", tmp_path / "public.json", tmp_path / "foreign.json"
    assert "at least 12" in run("new", "--key", str(key), "--public", str(public), "--passphrase", "short").output
    run("new", "--key", str(key), "--public", str(public), "--passphrase", PASSPHRASE)
    foreign.write_text(seal_identity(new_device_key().public_jwk, {"name": "张三"}))
    for path, passphrase, told in ((foreign, PASSPHRASE, "another key"), (public, PASSPHRASE, "no sealed identity")):
        answer = run("open", str(path), "--key", str(key), "--passphrase", passphrase)
        assert (answer.exit_code, told in answer.output) == (1, True)
    assert "another passphrase" in run("open", str(foreign), "--key", str(key), "--passphrase", "a wrong one").output
    public.write_text(json.dumps({"kty": "RSA"}))
    out = str(tmp_path / "out.json")
    assert run("seal", "--public", str(public), "--name", "张三", "--out", out).exit_code == 1
