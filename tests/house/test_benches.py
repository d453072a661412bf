"""The benches are not run with the tests; what would stop them at their first step is looked at here."""

import ast
from pathlib import Path

import pytest

from visits.access.passphrases import must_be_good

BENCHES = sorted((Path(__file__).parents[2] / "bench").glob("*.py"))


@pytest.mark.parametrize("path", BENCHES, ids=lambda path: path.stem)
def test_a_bench_may_make_its_accounts(path: Path) -> None:
    for said in ast.parse(path.read_text("utf-8")).body:
        if isinstance(said, ast.Assign) and ast.unparse(said.targets[0]) == "PASSPHRASE":
            must_be_good(ast.literal_eval(said.value), login="inspector", name="Inspector")
