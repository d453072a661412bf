"""A new installation, made once by the command and copied for each test."""

import shutil
from pathlib import Path

import pytest

from tests.api.cli.folder import Folder
from tests.api.world import COUNTY


@pytest.fixture(scope="session")
def bootstrapped(tmp_path_factory: pytest.TempPathFactory) -> Folder:
    made = Folder(tmp_path_factory.mktemp("bootstrapped"))
    answer = made.run("bootstrap", "--login", "root", "--name", "管理员", "--division", COUNTY)
    assert answer.exit_code == 0, answer.output
    assert "passphrase: " in answer.output
    return made


@pytest.fixture
def folder(bootstrapped: Folder, tmp_path: Path) -> Folder:
    shutil.copytree(bootstrapped.data, tmp_path / "data")
    return Folder(tmp_path)
