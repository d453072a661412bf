"""The offices' workbooks: read as typed rows with everything bad in one pass, or given back marked.

openpyxl is at home here and nowhere else; it is loaded when a workbook is read, not when this package is.
"""

from api.workbooks.books import ACCOUNTS, BOOKS, LEAVE, ROSTER, SITES, VILLAGES
from api.workbooks.errors import (
    AmbiguousColumns,
    AmbiguousSheet,
    FileTooLarge,
    MissingColumns,
    UnknownField,
    UnreadableFile,
    WorkbookError,
)
from api.workbooks.marking import mark
from api.workbooks.sheet import Column, Complaint, Match, Report, Row, Sheet, Skipped, read_sheet

__all__ = [
    "ACCOUNTS",
    "BOOKS",
    "LEAVE",
    "ROSTER",
    "SITES",
    "VILLAGES",
    "AmbiguousColumns",
    "AmbiguousSheet",
    "Column",
    "Complaint",
    "FileTooLarge",
    "Match",
    "MissingColumns",
    "Report",
    "Row",
    "Sheet",
    "Skipped",
    "UnknownField",
    "UnreadableFile",
    "WorkbookError",
    "mark",
    "read_sheet",
]
