"""The table of rules in ``docs/uploads.md`` names tests that are there."""

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]


def test_every_test_named_for_a_rule_is_there() -> None:
    rows = [line for line in (ROOT / "docs" / "uploads.md").read_text("utf-8").splitlines() if line.startswith("| ")]
    named = set(re.findall(r"`(test_\w+)`", "\n".join(rows)))
    folders = [ROOT / "tests" / "api" / "uploads", ROOT / "tests" / "media" / "store"]
    there = "\n".join(path.read_text("utf-8") for folder in folders for path in folder.glob("test_*.py"))
    assert len(named) > 20
    assert {name for name in named if f"def {name}(" not in there} == set()
