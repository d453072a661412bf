from datetime import date, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.workbooks import values
from api.workbooks.errors import BadValue

DAYS = st.dates(date(1930, 1, 1), date(2099, 12, 31))


def refusal(parser: values.Parser, value: object) -> BadValue:
    with pytest.raises(BadValue) as caught:
        parser(value)
    assert caught.value.reason_zh
    assert caught.value.reason_en
    return caught.value


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("2023.07.05", date(2023, 7, 5)),
        ("2023.7.5", date(2023, 7, 5)),
        ("2023-07-05", date(2023, 7, 5)),
        ("2023/7/5", date(2023, 7, 5)),
        ("2023年7月5日", date(2023, 7, 5)),
        ("2023 年 7 月 5 日", date(2023, 7, 5)),
        ("２０２３．７．５", date(2023, 7, 5)),
        ("20230705", date(2023, 7, 5)),
        (20230705, date(2023, 7, 5)),
        ("2023-07-05 00:00:00", date(2023, 7, 5)),
        (datetime.fromisoformat("2023-07-05"), date(2023, 7, 5)),
        (date(2023, 7, 5), date(2023, 7, 5)),
        (45112, date(2023, 7, 5)),
        ("45112", date(2023, 7, 5)),
        (45112.5, date(2023, 7, 5)),
    ],
)
def test_a_day_is_read_however_it_was_written(written, meant):
    assert values.day(edge="last")(written) == meant


@pytest.mark.parametrize(
    "written", ["2024.02", "2024.2", 2024.02, "2024年2月", "2024年02月份", "2024-02", "202402", 202402]
)
def test_a_month_becomes_the_edge_that_was_asked_for(written):
    assert values.day(edge="first")(written) == date(2024, 2, 1)
    assert values.day(edge="last")(written) == date(2024, 2, 29)


def test_a_month_that_may_have_lost_its_zero_is_not_guessed():
    assert "10 月" in refusal(values.day(), 2023.1).reason_zh
    assert "10 月" in refusal(values.day(), "2023.1").reason_zh
    assert values.day()("2023.10") == date(2023, 10, 1)
    assert values.day()("2023.01") == date(2023, 1, 1)


def test_until_now_is_an_open_end_only_where_one_may_stand():
    assert values.day(open_end=True)("至今") is None
    assert "至今" in refusal(values.day(), "至今").reason_zh


@pytest.mark.parametrize(
    "written",
    [
        "2023",
        2023,
        "2023.13",
        "2023.02.30",
        "7月5日",
        "2023.07-2025.07",
        "去年",
        "23.7.1",
        5,
        -1,
        1e300,
        float("nan"),
        True,
        "1850-01-01",
        "2023.7.0",
        "20231301",
        time(8),
        timedelta(1),
        datetime.fromisoformat("1890-01-01"),
    ],
)
def test_what_is_no_day_is_refused(written):
    refusal(values.day(), written)


@given(
    DAYS,
    st.sampled_from(["{0:%Y-%m-%d}", "{0:%Y.%m.%d}", "{0.year}年{0.month}月{0.day}日", "{0.year}/{0.month}/{0.day}"]),
)
def test_every_way_of_writing_a_day_says_the_same_day(on, form):
    assert values.day()(form.format(on)) == on
    assert values.half_day(form.format(on) + " 下午") == (on, "pm")


@given(DAYS)
def test_a_serial_number_says_its_day(on):
    serial = (on - date(1899, 12, 30)).days
    assert values.day()(serial) == on
    assert values.half_day(serial + 0.75) == (on, "pm")


@given(DAYS)
def test_a_month_runs_from_its_first_to_its_last_day(on):
    month = f"{on:%Y.%m}"
    first, last = values.day(edge="first")(month), values.day(edge="last")(month)
    assert first <= on <= last
    assert (first.day, (last + timedelta(days=1)).day) == (1, 1)


@given(st.one_of(st.text(), st.from_regex(r"\d{1,4}[-./年]\d{0,3}[-./月]?\d{0,3}.{0,6}"), st.integers(), st.floats()))
def test_a_date_parser_returns_a_plausible_day_or_refuses(value):
    for parser in (values.day(edge="last", open_end=True), values.half_day):
        try:
            found = parser(value)
        except BadValue:
            continue
        on = found[0] if isinstance(found, tuple) else found
        assert on is None or 1900 <= on.year <= 2100


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("2026-03-02 下午", "pm"),
        ("2026年3月2日上午", "am"),
        ("2026.3.2下午", "pm"),
        ("2026.3.2（下午）", "pm"),
        ("2026-03-02 14:30", "pm"),
        ("2026-03-02T08:30:00", "am"),
        ("2026年3月2日9时", "am"),
        ("2026年3月2日下午3点20分", "pm"),
        ("2026-03-02 PM", "pm"),
        ("2026-03-02 晚上", "pm"),
        ("2026-03-02", None),
        ("2026-03-02 00:00:00", None),
        ("2026-03-02 全天", None),
        (datetime.fromisoformat("2026-03-02"), None),
        (datetime.fromisoformat("2026-03-02T11:59"), "am"),
        (datetime.fromisoformat("2026-03-02T12:00"), "pm"),
        (46083, None),
        (46083.25, "am"),
    ],
)
def test_a_half_day_is_read_however_it_was_written(written, meant):
    assert values.half_day(written) == (date(2026, 3, 2), meant)


@pytest.mark.parametrize(
    "written", ["2026.03", "3月2日下午", "2026-03-02 25:00", "2026-03-02 中午", "2026-03-02至03-05"]
)
def test_a_half_day_that_cannot_be_told_is_refused(written):
    refusal(values.half_day, written)


def test_an_hour_is_kept_where_one_is_said_and_never_made_up():
    assert values.day_or_time("2026-03-02 14:30") == datetime.fromisoformat("2026-03-02T14:30")
    assert values.day_or_time("2026年3月2日下午3点20分") == datetime.fromisoformat("2026-03-02T15:20")
    assert values.day_or_time(datetime.fromisoformat("2026-03-02T09:00")) == datetime.fromisoformat("2026-03-02T09:00")
    assert values.day_or_time("2026-03-02 下午") == date(2026, 3, 2)
    assert values.day_or_time(datetime.fromisoformat("2026-03-02")) == date(2026, 3, 2)
    assert values.whole_day("2026-03-02 下午") == values.whole_day("2026-03-02 14:30") == date(2026, 3, 2)


@pytest.mark.parametrize("written", ["350924100201", 350924100201, 350924100201.0, " 350924 100201", "'350924100201"])
def test_a_village_code_is_read_from_text_and_from_numbers(written):
    assert values.village_code(written) == "350924100201"


@pytest.mark.parametrize("written", ["3.50924E+11", "3.50924e11", 350924000000, 350924000000.0, "350924000000"])
def test_a_rounded_code_is_refused_with_what_to_do(written):
    reason = refusal(values.village_code, written)
    assert "文本格式" in reason.reason_zh
    assert "format the column as text" in reason.reason_en


@pytest.mark.parametrize("written", ["35092410020", "350924100000", "城关村", 0.5, True, "３５０９２４１００２０１２"])
def test_what_is_no_village_code_is_refused(written):
    refusal(values.village_code, written)


def test_divisions_lose_their_trailing_zeros():
    assert values.division_code("350924") == "350924"
    assert values.division_code(350924000000) == "350924"
    assert values.division_code("350924100000") == "350924100"
    assert values.division_code("350900") == "3509"
    assert values.division_code("350000") == "35"
    assert values.division_code("350924100201") == "350924100201"
    assert values.town_code("350924100") == values.town_code("350924100000") == "350924100"
    refusal(values.town_code, "350924")
    refusal(values.division_code, "000000")
    refusal(values.division_code, "35092")


def test_names_lose_the_spaces_that_pad_them():
    assert values.person_name(values.tidy("张　三")) == "张三"
    assert values.person_name("欧阳 锋") == "欧阳锋"
    assert values.person_name("John Smith") == "John Smith"
    assert values.name(values.tidy("　城 关　镇")) == "城关镇"
    assert values.names("上洋、下　洋，后山") == ("上洋", "下洋", "后山")


@pytest.mark.parametrize("written", ["张三 李四", "张三、李四", "张三/李四", "张三,李四"])
def test_two_names_in_one_cell_are_not_run_together(written):
    assert "不止一个姓名" in refusal(values.person_name, written).reason_zh


def test_an_identity_number_is_never_taken_in_and_never_repeated():
    number = "350924199001011234"
    for parser in (values.text, values.person_name, values.login_name, values.yes_no):
        reason = refusal(parser, f"张三 {number}")
        assert number not in reason.reason_zh + reason.reason_en


def test_tidy_takes_out_what_the_eye_does_not_see():
    assert values.tidy("\ufeff　１２Ａ\u200b ") == "12A"
    assert values.tidy(" 　\u200b") is None
    assert values.tidy(5) == 5


@pytest.mark.parametrize(
    ("written", "meant"), [("是", True), ("√", True), (True, True), (1, True), ("否", False), ("×", False)]
)
def test_yes_and_no(written, meant):
    assert values.yes_no(written) is meant


def test_a_word_outside_the_list_is_refused_with_the_list():
    parse = values.one_of({"leave": ("请假", "事假"), "trip": ("公差",)})
    assert parse("事　假") == "leave"
    assert parse("trip") == "trip"
    assert "请假、公差" in refusal(parse, "旷工").reason_zh


def test_numbers_keep_to_their_range():
    assert values.number()("1,200 米") == 1200.0
    assert values.number(73, 136)("１１９.5°") == 119.5
    assert "73" in refusal(values.number(73, 136), 27.1).reason_zh
    for bad in ("119°30′", "约5", "", True, float("nan"), float("inf")):
        refusal(values.number(), bad)
    assert values.whole_number("12户") == 12
    refusal(values.whole_number, 1.5)
    refusal(values.whole_number, -1)


def test_years_and_rounds():
    assert values.year("2018年") == values.year(2018) == 2018
    refusal(values.year, "18")
    assert [values.round_number(said) for said in ("第五轮", "五", 5, "第七轮省级重点村", "第十批", "第十二轮")] == [
        5,
        5,
        5,
        7,
        10,
        12,
    ]
    refusal(values.round_number, "第四、五轮")
    refusal(values.round_number, "是")


def test_a_login_name_is_plain():
    assert values.login_name("Zhang.San") == "zhang.san"
    for bad in ("张三", "ab", "1abc", "a b c", "=cmd"):
        refusal(values.login_name, bad)
