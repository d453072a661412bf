"""The server process starts light: what costs seconds and megabytes is loaded where it is used."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
HEAVY = (
    "geopandas",
    "numba",
    "pyarrow",
    "scipy",
    "pandas",
    "PIL",
    "pyproj",
    "alembic",
    "openpyxl",
    "dask",
    "pyogrio",
    "mapbox_vector_tile",
)

PROGRAM = f"""
import pathlib, sys, tempfile
import wsgi
from api.app import create_app
from api.settings import read_settings
from visits.store import Store

with tempfile.TemporaryDirectory() as folder:
    settings = read_settings({{}}, data_dir=pathlib.Path(folder))
    create_app(settings).test_client().get("/healthz")
print(",".join(name for name in {HEAVY!r} if name in sys.modules))
"""


def test_the_application_loads_nothing_heavy() -> None:
    done = subprocess.run([sys.executable, "-c", PROGRAM], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == ""


def test_importing_wsgi_opens_no_database(tmp_path: Path) -> None:
    program = f"import os; os.environ['SHIDI_DATA'] = {str(tmp_path / 'data')!r}; import wsgi"
    subprocess.run([sys.executable, "-c", program], cwd=ROOT, check=True)
    assert not (tmp_path / "data").exists()
