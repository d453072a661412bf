"""An installation in a folder, spoken to by commands."""

from pathlib import Path

from click.testing import CliRunner, Result
from openpyxl import Workbook

from api.cli import shidi


class Folder:
    """An installation in a folder, spoken to by commands."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.data = path / "data"

    def run(self, *arguments: object, login: str | None = None) -> Result:
        acting = ["--as", login] if login else []
        said = ["--data", str(self.data), *acting, *map(str, arguments)]
        return CliRunner().invoke(shidi, said, obj={})

    def book(self, name: str, *rows: list[object]) -> Path:
        workbook = Workbook()
        for row in rows:
            workbook.active.append(row)
        workbook.save(self.path / name)
        return self.path / name
