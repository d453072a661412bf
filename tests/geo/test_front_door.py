"""The door of ``geo``: what it names and must not load; that examples run and every module has its mirror."""

from __future__ import annotations

import doctest
import importlib
import re
import subprocess
import sys
from pathlib import Path

import pytest

import geo

ROOT = Path(geo.__file__).parent.parent
MODULES = sorted(path.stem for path in (ROOT / "geo").glob("*.py") if path.stem != "__init__")


def test_the_door_names_what_it_shows():
    assert geo.__all__ == sorted(geo.__all__, key=lambda name: (not name.isupper(), not name[0].isupper(), name))
    assert all(hasattr(geo, name) for name in geo.__all__)


def test_importing_geo_loads_nothing_heavy():
    heavy = ("pyproj", "geopandas", "pandas", "scipy", "pyarrow", "numba", "dask", "pyogrio", "mapbox_vector_tile")
    code = f"import sys, geo; print([name for name in {heavy!r} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_everything_but_geodesics_works_without_pyproj():
    code = (
        "import sys; sys.modules['pyproj'] = None\n"
        "from geo import convert, disc, explained_by_datum, whereabouts, LonLat\n"
        "there = convert(119.5, 27.4, source='wgs84', target='gcj02')\n"
        "print(whereabouts(119.5, 27.4, 20, disc(119.5, 27.4, 300)).answer.value)\n"
        "print(explained_by_datum(LonLat(*there), LonLat(119.5, 27.4), tolerance_m=40).really.value)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["inside", "gcj02"]


@pytest.mark.parametrize("name", MODULES)
def test_each_module_has_its_mirror(name):
    assert (ROOT / "tests" / "geo" / f"test_{name}.py").is_file()


@pytest.mark.parametrize("name", MODULES)
def test_examples_in_docstrings_run(name):
    result = doctest.testmod(importlib.import_module(f"geo.{name}"))
    assert result.failed == 0
    assert result.attempted > 0 or name == "errors"


def test_examples_in_the_how_to_run():
    text = (ROOT / "docs" / "geo.md").read_text(encoding="utf-8")
    blocks = re.findall(r"^```python\n(.*?)^```", text, flags=re.MULTILINE | re.DOTALL)
    assert len(blocks) >= 5 and all(">>>" in block for block in blocks)
    # One example after the other in one namespace, the way a person would type them.
    examples = doctest.DocTestParser().get_doctest("\n".join(blocks), {}, "docs/geo.md", "docs/geo.md", 0)
    report: list[str] = []
    assert doctest.DocTestRunner().run(examples, out=report.append).failed == 0, "".join(report)


def test_the_how_to_names_every_public_function():
    text = (ROOT / "docs" / "geo.md").read_text(encoding="utf-8")
    functions = [name for name in geo.__all__ if name.islower()]
    assert [name for name in functions if f"`{name}" not in text] == []
