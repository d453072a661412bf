"""Parsers: what one cell says, as a plain typed value, or :class:`BadValue` with the reason.

A parser never guesses. Where a spreadsheet has already lost what was typed (a rounded code, ``2023.10`` turned into
the number 2023.1) it says so, because a wrong date here becomes a wrong sighting of a person later.
"""

from __future__ import annotations

import calendar
import re
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime, time, timedelta
from typing import Literal

from api.workbooks.errors import BadValue

Parser = Callable[[object], object]
HalfDay = tuple[date, Literal["am", "pm"] | None]

_WIDE = {wide: wide - 0xFEE0 for wide in (*range(0xFF10, 0xFF1A), *range(0xFF21, 0xFF3B), *range(0xFF41, 0xFF5B))}
_INVISIBLE = dict.fromkeys([*range(0x200B, 0x2010), 0x2060, 0xFEFF, *range(9), *range(14, 32), 11, 12])
_BETWEEN_HAN = re.compile(r"(?<=[\u3400-\u9fff])\s+(?=[\u3400-\u9fff])")
_IDENTITY_NUMBER = re.compile(r"(?<!\d)\d{6}(?:19|20)\d{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])\d{3}[\dXx](?!\d)")
_SCIENTIFIC = re.compile(r"\d(?:\.\d+)?[eE]\+?\d{1,2}")
_OPEN_END = frozenset({"至今", "迄今", "现在", "今", "目前", "在任", "长期"})
_PLACEHOLDERS = frozenset({"-", "--", "—", "——", "/", "\\", "无"})

# Excel's day 60 is a 29 February 1900 that never was; counting from here is right for every later day.
_SERIAL_ORIGIN = date(1899, 12, 30)
_SERIALS = range(10_000, 73_051)  # 1927-05-18 to 2100-01-01
_YEARS = range(1900, 2101)


def tidy(value: object) -> object:
    """The cell without what the eye does not see: stray spaces, zero-width signs, full-width digits; None if empty."""
    if not isinstance(value, str):
        return value
    return value.translate(_INVISIBLE).translate(_WIDE).replace("\u3000", " ").replace("\xa0", " ").strip() or None


def is_placeholder(value: object) -> bool:
    """True for a dash, a stroke or 无, which stand for an empty cell wherever the column is not free text."""
    return isinstance(value, str) and value in _PLACEHOLDERS


def text(value: object) -> str:
    """The cell as one line of text. An identity number inside is refused, for nothing here may store one."""
    said = " ".join(as_text(value).split())
    if _IDENTITY_NUMBER.search(said):
        raise BadValue(
            "像是身份证号码，本系统不存放身份证号，请删去",
            "looks like an identity number, which is never stored; remove it",
        )
    return said


def name(value: object) -> str:
    """The name of a place or a unit; spaces that only pad Chinese signs apart are taken out."""
    return _BETWEEN_HAN.sub("", text(value))


def person_name(value: object) -> str:
    """The name of one person. ``张　三`` is 张三; two names in one cell are refused rather than run together."""
    said = text(value)
    pieces = said.split()
    padded = len(said.replace(" ", "")) <= 3 or any(len(piece) == 1 for piece in pieces)
    if re.search(r"[、，,;；/]", said) or (len(pieces) > 1 and not said.isascii() and not padded):
        raise BadValue(
            f"“{_shown(value)}”像是不止一个姓名；一行只写一人，姓名中间请用“·”不用空格",
            f"'{_shown(value)}' looks like more than one name; write one person a row",
        )
    return _BETWEEN_HAN.sub("", said)


def names(value: object) -> tuple[str, ...]:
    """Several names of places in one cell, in their order."""
    return tuple(name(piece) for piece in re.split(r"[、，,;；\n]", as_text(value)) if piece.strip())


def village_code(value: object) -> str:
    """The 12-digit code of a village."""
    digits = _code_digits(value)
    if len(digits) != 12:
        raise BadValue(
            f"行政村代码应为 12 位，这里是 {len(digits)} 位", f"a village code has 12 digits, this has {len(digits)}"
        )
    if digits.endswith("000000"):
        raise _rounded()
    if digits.endswith("000"):
        raise BadValue("这是乡镇的代码，不是村的代码", "this is the code of a town, not of a village")
    return digits


def town_code(value: object) -> str:
    """The 9-digit code of a town, also where it was written with three zeros behind."""
    digits = division_code(value)
    if len(digits) != 9:
        raise BadValue("乡镇代码应为 9 位（或 12 位且末三位为 0）", "a town code has 9 digits, or 12 ending in 000")
    return digits


def division_code(value: object) -> str:
    """The code of a division of any level without its trailing zeros: 2, 4, 6, 9 or 12 digits."""
    digits = _code_digits(value)
    if len(digits) not in (2, 4, 6, 9, 12):
        raise BadValue(
            f"区划代码应为 2、4、6、9 或 12 位，这里是 {len(digits)} 位",
            f"a division code has 2, 4, 6, 9 or 12 digits, this has {len(digits)}",
        )
    for longer, shorter in ((12, 9), (9, 6), (6, 4), (4, 2)):
        if len(digits) == longer and set(digits[shorter:]) == {"0"}:
            digits = digits[:shorter]
    if digits.startswith("00"):
        raise BadValue("区划代码不能以 00 开头", "a division code does not begin with 00")
    return digits


def day(*, edge: Literal["first", "last"] = "first", open_end: bool = False) -> Parser:
    """A parser of days. A bare month becomes its ``edge``; 至今 becomes None where ``open_end`` allows it."""

    def parse(value: object) -> date | None:
        written = _plain(value)
        if isinstance(written, (date, datetime)):
            return _in_range(written.date() if isinstance(written, datetime) else written)
        if written in _OPEN_END:
            if open_end:
                return None
            raise BadValue(
                f"这一列要写日期，不能写“{written}”",
                f"a date is needed here, '{written}' is not possible in this column",
            )
        year, month, day_of_month, rest = _split_day(written)
        if rest and not re.fullmatch(r"[ T]\s*\d{1,2}:\d{2}(:\d{2})?(\.0+)?", rest):
            raise _no_date(written)
        if day_of_month is None:
            day_of_month = 1 if edge == "first" else calendar.monthrange(year, month)[1]
        return _in_range(date(year, month, day_of_month))

    return parse


def half_day(value: object) -> HalfDay:
    """A day and which half of it, or None where the book does not say."""
    on, half, _ = _moment(value)
    return on, half


def day_or_time(value: object) -> date | datetime:
    """A day, or where the book says the hour too, that time of it, local and without a zone."""
    on, _, clock = _moment(value)
    return on if clock is None else datetime.combine(on, clock)


def whole_day(value: object) -> date:
    """The day alone, also where the book says a half or an hour of it. A bare month is refused."""
    return _moment(value)[0]


def one_of(words: Mapping[str, Sequence[str]]) -> Parser:
    """A parser that returns the key under whose words the cell's word stands."""
    known = {_squeeze(word): key for key, aliases in words.items() for word in (*aliases, key)}

    def parse(value: object) -> str:
        key = known.get(_squeeze(as_text(value)))
        if key is None:
            allowed = "、".join(aliases[0] for aliases in words.values())
            raise BadValue(
                f"“{_shown(value)}”不在可选项内：{allowed}",
                f"'{_shown(value)}' is not one of: {', '.join(words)} ({allowed})",
            )
        return key

    return parse


def yes_no(value: object) -> bool:
    """True or False, from 是/否, a tick or a cross."""
    return value if isinstance(value, bool) else _YES_OR_NO(value) == "yes"


def number(minimum: float | None = None, maximum: float | None = None) -> Parser:
    """A parser of decimal numbers between ``minimum`` and ``maximum``."""

    def parse(value: object) -> float:
        said = as_text(value)
        plain = re.sub(
            r"[\s,]|(?:度|°|米|m|天|户|人|元)$", "", unicodedata.normalize("NFKC", said), flags=re.IGNORECASE
        )
        if not re.fullmatch(r"[-+]?\d+(\.\d*)?([eE][-+]?\d{1,2})?", plain) or isinstance(value, bool):
            raise BadValue(f"“{_shown(value)}”不是一个数", f"'{_shown(value)}' is not a plain decimal number")
        result = float(plain)
        if (minimum is not None and result < minimum) or (maximum is not None and result > maximum):
            raise BadValue(
                f"{_shown(value)} 超出范围（{_bound(minimum)} 至 {_bound(maximum)}）",
                f"{_shown(value)} is out of range ({_bound(minimum)} to {_bound(maximum)})",
            )
        return result

    return parse


def whole_number(value: object) -> int:
    """A count: a whole number, not negative."""
    found = number(minimum=0)(value)
    if not isinstance(found, float) or not found.is_integer():
        raise BadValue(f"“{_shown(value)}”不是整数", f"'{_shown(value)}' is not a whole number")
    return int(found)


def year(value: object) -> int:
    """A year of four digits, with or without 年."""
    found = re.fullmatch(r"(\d{4})\s*年?度?", unicodedata.normalize("NFKC", as_text(value)))
    if found is None or int(found[1]) not in _YEARS:
        raise BadValue(f"“{_shown(value)}”不是四位年份", f"'{_shown(value)}' is not a year of four digits")
    return int(found[1])


def round_number(value: object) -> int:
    """The number of a round: 第五轮, 五, 5 and 第七轮省级重点村 are read by their number."""
    found = re.fullmatch(r"第?\s*(\d{1,2}|十?[一二三四五六七八九]|十)\s*(?:[轮批期].*)?", as_text(value))
    if found is None or re.search(r"[、，,和及]", as_text(value)):
        raise BadValue(
            f"“{_shown(value)}”看不出是第几轮；只写一轮，如“第五轮”",
            f"'{_shown(value)}' does not name one round, such as 第五轮",
        )
    if found[1].isdigit():
        return int(found[1])
    return (10 if "十" in found[1] else 0) + " 一二三四五六七八九".index(found[1].replace("十", "") or " ")


def login_name(value: object) -> str:
    """A name to sign in with: 3 to 32 small letters, digits and . _ -, a letter first."""
    said = unicodedata.normalize("NFKC", as_text(value)).lower()
    if not re.fullmatch(r"[a-z][a-z0-9._-]{2,31}", said):
        raise BadValue(
            f"登录名“{_shown(value)}”应为 3 至 32 位小写字母、数字或 . _ -，以字母开头",
            f"the login name '{_shown(value)}' must be 3 to 32 letters, digits or . _ - and begin with a letter",
        )
    return said


def as_text(value: object) -> str:
    """The cell as the reader of the sheet sees it, more or less: whole numbers without a point, days as ISO days."""
    if isinstance(value, bool):
        return "是" if value else "否"
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() and abs(value) < 1e15 else format(value, ".15g")
    if isinstance(value, datetime):
        return value.date().isoformat() if value.time() == time() else value.isoformat(" ", "minutes")
    return str(value)


def _code_digits(value: object) -> str:
    if isinstance(value, bool) or (isinstance(value, float) and not value.is_integer()):
        raise BadValue(f"“{_shown(value)}”不是代码", f"'{_shown(value)}' is not a code")
    said = re.sub(r"[\s'’]", "", unicodedata.normalize("NFKC", as_text(value)))
    if _SCIENTIFIC.fullmatch(said):
        raise _rounded()
    if not re.fullmatch(r"[0-9]+", said):
        raise BadValue(
            f"“{_shown(value)}”不是代码，代码只有数字", f"'{_shown(value)}' is not a code; a code has only digits"
        )
    return said


def _rounded() -> BadValue:
    return BadValue(
        "代码被电子表格变成了舍入的数字，末几位已丢失；请把该列设为文本格式后重新填写代码",
        "the code was turned into a rounded number by the spreadsheet; format the column as text and enter it again",
    )


def _plain(value: object, *, keep_time: bool = False) -> str | date | datetime:
    """A date typed as a date or as a serial number becomes one; anything else becomes text to be looked at."""
    if isinstance(value, (date, datetime)):
        return value
    if isinstance(value, (bool, time, timedelta)):
        raise _no_date(value)
    said = unicodedata.normalize("NFKC", as_text(value)).strip()
    if re.fullmatch(r"\d{5}(\.\d+)?", said) and int(float(said)) in _SERIALS:
        on = _SERIAL_ORIGIN + timedelta(days=int(float(said)))
        if not keep_time:
            return on
        return datetime.combine(on, time()) + timedelta(seconds=round(float(said) % 1 * 86400))
    return said


_CLOCK = re.compile(
    r"T?\s*\(?\s*(?:(?P<am>上午|早上|早晨|清晨|早|am)|(?P<pm>下午|傍晚|晚上|晚|pm)|全天)?\s*\)?"
    r"\s*(?:(?P<hour>\d{1,2})\s*[:时点]\s*(?:(?P<minute>\d{1,2})分?)?(?::\d{2})?(?:\.0+)?)?"
)


def _moment(value: object) -> tuple[date, Literal["am", "pm"] | None, time | None]:
    """The day, its half and its hour, as far as they are said. Midnight is how a spreadsheet says no hour."""
    written = _plain(value, keep_time=True)
    if isinstance(written, datetime):
        return _in_range(written.date()), *_half_of(written.time().replace(second=0, microsecond=0))
    if isinstance(written, date):
        return _in_range(written), None, None
    year, month, day_of_month, rest = _split_day(written)
    if day_of_month is None:
        raise BadValue(f"“{_shown(written)}”只有月份，请写到日", f"'{_shown(written)}' is only a month; write the day")
    found = _CLOCK.fullmatch(rest.strip().lower().replace("t", "T"))
    if found is None or int(found["hour"] or 0) > 23 or int(found["minute"] or 0) > 59:
        raise _no_date(written)
    on = _in_range(date(year, month, day_of_month))
    half: Literal["am", "pm"] | None = "am" if found["am"] else "pm" if found["pm"] else None
    if found["hour"] is None:
        return on, half, None
    hour = int(found["hour"])
    clock = time(hour + 12 if half == "pm" and hour < 12 else hour, int(found["minute"] or 0))
    return (on, half, clock) if half else (on, *_half_of(clock))


def _half_of(clock: time) -> tuple[Literal["am", "pm"] | None, time | None]:
    if clock == time():
        return None, None
    return "am" if clock.hour < 12 else "pm", clock


_DAY_AT_START = re.compile(
    r"""(?P<year>\d{4})
    (?: (?P<month8>\d{2})(?P<day8>\d{2})(?!\d)                       # 20230701
      | (?P<month6>\d{2})(?!\d)                                      # 202307
      | \s*[-./年]\s*(?P<month>\d{1,2})(?!\d)                        # 2023.07  2023年7
        (?: \s*[-./月]\s*(?P<day>\d{1,2})(?!\d)(?:\s*[日号])? | \s*月份? )?  # .01  月1日  月
    )""",
    re.VERBOSE | re.ASCII,
)


def _split_day(written: str) -> tuple[int, int, int | None, str]:
    """Year, month, day or None, and whatever stands behind them."""
    if re.fullmatch(r"\d{4}\.1", written):
        raise BadValue(
            f"“{written}”可能是 1 月，也可能是 10 月丢了末尾的 0；请写成 {written[:4]}-01 或 {written[:4]}-10",
            f"'{written}' may be January, or October with its zero lost; write {written[:4]}-01 or {written[:4]}-10",
        )
    found = _DAY_AT_START.match(written)
    if found is None:
        raise _no_date(written)
    month = int(found["month"] or found["month8"] or found["month6"])
    day_digits = found["day"] or found["day8"]
    day_of_month = int(day_digits) if day_digits else None
    try:
        date(int(found["year"]), month, day_of_month or 1)
    except ValueError:
        raise _no_date(written) from None
    if day_digits and day_of_month == 0:
        raise _no_date(written)
    return int(found["year"]), month, day_of_month, written[found.end() :]


def _in_range(on: date) -> date:
    if on.year not in _YEARS:
        raise BadValue(f"{on.isoformat()} 的年份不合理", f"the year of {on.isoformat()} is not plausible")
    return on


def _no_date(value: object) -> BadValue:
    return BadValue(
        f"“{_shown(value)}”不是能认出的日期，请写成 2026-03-02",
        f"'{_shown(value)}' is not a date; write it as 2026-03-02",
    )


def _squeeze(said: str) -> str:
    return re.sub(r"\s+", "", unicodedata.normalize("NFKC", said)).lower()


def _shown(value: object) -> str:
    said = " ".join(as_text(value).split())
    if _IDENTITY_NUMBER.search(said):
        return "…"
    return said if len(said) <= 30 else said[:30] + "…"


def _bound(limit: float | None) -> str:
    return "…" if limit is None else as_text(float(limit))


_YES_OR_NO = one_of(
    {
        "yes": ("是", "√", "✓", "✔", "☑", "有", "对", "y", "true", "1"),
        "no": ("否", "×", "✗", "✘", "☐", "不是", "没有", "无", "n", "x", "false", "0"),
    }
)
