"""Makers of the ugly workbooks that offices send."""

import re
import zipfile
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from openpyxl import Workbook

Rows = Sequence[Sequence[object]]


@pytest.fixture
def workbook(tmp_path: Path) -> Callable[..., Path]:
    """Writes an .xlsx from rows of values; ``merged`` are ranges such as A1:H1."""

    def write(rows: Rows, *, merged: Sequence[str] = (), name: str = "book.xlsx", title: str = "Sheet1") -> Path:
        book = Workbook()
        page = book.active
        page.title = title
        for row, cells in enumerate(rows, start=1):
            for column, value in enumerate(cells, start=1):
                if value is not None:
                    page.cell(row, column, value)
        for reference in merged:
            page.merge_cells(reference)
        path = tmp_path / name
        book.save(path)
        return path

    return write


@pytest.fixture
def csv_text(tmp_path: Path) -> Callable[..., Path]:
    """Writes a CSV text in a named encoding."""

    def write(text: str, encoding: str = "utf-8-sig", name: str = "book.csv") -> Path:
        path = tmp_path / name
        path.write_bytes(text.encode(encoding))
        return path

    return write


def rewrite_part(path: Path, part: str, change: Callable[[str], str]) -> None:
    """Change the text of one part inside an .xlsx, for what openpyxl itself cannot write."""
    with zipfile.ZipFile(path) as parts:
        kept = {name: parts.read(name) for name in parts.namelist()}
    kept[part] = change(kept[part].decode()).encode()
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as parts:
        for name, data in kept.items():
            parts.writestr(name, data)


@pytest.fixture
def store_answer() -> Callable[[Path, str, str], None]:
    """Stores the answer of a formula beside it, as a spreadsheet program does when it saves."""

    def store(path: Path, address: str, answer: str) -> None:
        def change(xml: str) -> str:
            changed, count = re.subn(
                rf'<c r="{address}"([^>]*?)(?: t="\w+")?>(<f>.*?</f>)<v\s*/?>(?:</v>)?</c>',
                rf'<c r="{address}"\1 t="str">\2<v>{answer}</v></c>',
                xml,
            )
            assert count == 1, xml
            return changed

        rewrite_part(path, "xl/worksheets/sheet1.xml", change)

    return store


@pytest.fixture
def rewrite() -> Callable[[Path, str, Callable[[str], str]], None]:
    return rewrite_part
