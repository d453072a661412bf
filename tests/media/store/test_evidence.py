"""The interface is what the local store really offers, name by name."""

from __future__ import annotations

import inspect
from pathlib import Path

from media.store import EvidenceStore, LocalStore


def test_the_local_store_is_an_evidence_store(tmp_path: Path) -> None:
    # The type checker compares the signatures here; the loop below, that none grew on one side only.
    store: EvidenceStore = LocalStore(tmp_path / "evidence")
    promised = {name for name, _ in inspect.getmembers(EvidenceStore, inspect.isfunction) if not name.startswith("_")}
    offered = {name for name, _ in inspect.getmembers(type(store), inspect.isfunction) if not name.startswith("_")}
    assert promised == offered
