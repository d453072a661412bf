"""No key, passphrase or token lies in the code, in the database, or in what the server writes to its log."""

import base64
import logging
import re
import subprocess
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest

from api.app import create_app, open_store
from api.settings import read_settings
from tests.api.world import PASSPHRASE, settle
from visits.access import totp
from visits.store import Store, migrate

ROOT = Path(__file__).parents[2]
LOOKS_LIKE_A_KEY = re.compile(
    rb"-----BEGIN [A-Z ]*PRIVATE KEY-----|AKIA[0-9A-Z]{16}|(?i:secret|password)\s*[:=]\s*[\"'][A-Za-z0-9+/]{24,}"
)
# Test vectors that must be private keys to be any.
KNOWN = {"tests/media/proof/test_signature.py"}


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    folder = tmp_path_factory.mktemp("secrets")
    with closing(open_store(read_settings({}, data_dir=folder))) as opened:
        migrate(opened)
        settle(opened, datetime.now(UTC))
        yield opened


def test_no_file_of_the_project_holds_a_key() -> None:
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True).stdout
    names = [name for name in listed.decode().split("\0") if name and not name.startswith("web/vendor/")]
    found = [n for n in names if (ROOT / n).is_file() and LOOKS_LIKE_A_KEY.search((ROOT / n).read_bytes())]
    assert set(found) - KNOWN == set()


def test_neither_database_nor_log_holds_what_was_typed_or_handed_out(
    store: Store, caplog: pytest.LogCaptureFixture
) -> None:
    settings = read_settings({}, data_dir=Path(str(store.engine.url.database)).parent)
    app = create_app(settings, store)
    client = app.test_client()
    with caplog.at_level(logging.DEBUG):
        first = client.post("/api/v1/sessions", json={"login": "org", "passphrase": PASSPHRASE}).get_json()
        bearer = {"Authorization": f"Bearer {first['token']}"}
        secret = client.post("/api/v1/me/authenticator", json={}, headers=bearer).get_json()["secret"]
        code = totp.code_of(base64.b32decode(secret), totp.step_at(datetime.now(UTC)))
        done = client.post("/api/v1/me/authenticator/confirmation", json={"code": code}, headers=bearer).get_json()
        client.post("/api/v1/sessions", json={"login": "org", "passphrase": "what somebody mistyped"})
    kept = b"".join(path.read_bytes() for path in settings.data_dir.glob("shidi.sqlite*"))
    logged = caplog.text.encode()
    handed_out = [first["token"], done["token"], secret, *done["recovery_codes"]]
    handed_out += [code.replace("-", "") for code in done["recovery_codes"]]
    for said in (PASSPHRASE, "what somebody mistyped", *handed_out):
        assert said.encode() not in kept
        assert said.encode() not in logged
    for raw in (settings.master_key_path.read_bytes(), base64.b32decode(secret)):
        assert raw not in kept
