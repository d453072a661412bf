import pytest

from api.workbooks import errors


@pytest.mark.parametrize(
    "refusal",
    [
        errors.UnreadableFile("文件已损坏", "the file is damaged"),
        errors.FileTooLarge("文件过大", "the file is too large"),
        errors.MissingColumns(["姓名"], ["名字"]),
        errors.MissingColumns(["姓名"], []),
        errors.AmbiguousColumns("姓名", ["A 列“姓名”", "B 列“干部姓名”"]),
        errors.AmbiguousSheet(["下党乡", "清源镇"]),
        errors.UnknownField("爱好", "hobby"),
    ],
)
def test_every_refusal_says_itself_in_both_languages(refusal):
    assert isinstance(refusal, errors.WorkbookError)
    assert refusal.reason_zh in str(refusal)
    assert refusal.reason_en in str(refusal)


def test_a_missing_column_names_what_was_looked_for_and_what_was_seen():
    refusal = errors.MissingColumns(["姓名／干部姓名"], ["名字", "村名"])
    assert refusal.reason_zh == "没有找到必需的列：姓名／干部姓名。表中看到的表头：名字、村名。请核对表头后重新导入。"
