"""What can be wrong with a workbook, each with a sentence for the office that sent it."""

from __future__ import annotations

from collections.abc import Sequence


class WorkbookError(Exception):
    """The workbook cannot be read as the book it should be; ``reason_zh`` and ``reason_en`` say why."""

    def __init__(self, reason_zh: str, reason_en: str) -> None:
        super().__init__(f"{reason_zh} {reason_en}")
        self.reason_zh = reason_zh
        self.reason_en = reason_en


class BadValue(WorkbookError):
    """One cell does not say what its column asks for. Collected as a complaint, never seen outside."""


class UnreadableFile(WorkbookError):
    """The file is not an .xlsx workbook or a CSV text that can be opened."""


class FileTooLarge(WorkbookError):
    """The file is larger, or unpacks to more, than any office's book."""


class MissingColumns(WorkbookError):
    """A column the book cannot do without was not found under any name it is known by."""

    def __init__(self, looked_for: Sequence[str], seen: Sequence[str]) -> None:
        seen_zh = "、".join(seen) if seen else "（没有找到表头）"
        super().__init__(
            f"没有找到必需的列：{'；'.join(looked_for)}。表中看到的表头：{seen_zh}。请核对表头后重新导入。",
            f"Required columns were not found: {'; '.join(looked_for)}. "
            f"Headers seen: {', '.join(seen) if seen else 'none'}. Correct the headers and import again.",
        )
        self.looked_for = tuple(looked_for)
        self.seen = tuple(seen)


class AmbiguousColumns(WorkbookError):
    """Two headers say the same column; which one is meant is for the office to say."""

    def __init__(self, column_zh: str, headers: Sequence[str]) -> None:
        super().__init__(
            f"有 {len(headers)} 列都像是“{column_zh}”：{'、'.join(headers)}。请只保留一列，或改一列的表头。",
            f"{len(headers)} headers all mean the column {column_zh}: {', '.join(headers)}. "
            "Keep one of them, or rename the others.",
        )
        self.column_zh = column_zh
        self.headers = tuple(headers)


class AmbiguousSheet(WorkbookError):
    """More than one sheet of the workbook looks like this book."""

    def __init__(self, sheet_names: Sequence[str]) -> None:
        super().__init__(
            f"工作簿里有 {len(sheet_names)} 张工作表都像是这本台账：{'、'.join(sheet_names)}。"
            "请合并到一张表，或指明读哪一张。",
            f"{len(sheet_names)} sheets of the workbook look like this book: {', '.join(sheet_names)}. "
            "Put the rows into one sheet, or name the sheet to read.",
        )
        self.sheet_names = tuple(sheet_names)


class UnknownField(WorkbookError):
    """A correction of the match names a field that the book does not have, or one that is never collected."""

    def __init__(self, header: str, field: str) -> None:
        super().__init__(
            f"表头“{header}”不能对应到“{field}”：这本台账没有这一项。",
            f"The header {header} cannot mean {field}: this book has no such field.",
        )
        self.header = header
        self.field = field
