"""Names as offices write them can be compared."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from visits.places import name_key, tidy_name
from visits.places.names import town_key, village_key


@pytest.mark.parametrize(
    ("written", "tidy"), [("张　三", "张三"), (" 欧阳 \t小花 ", "欧阳小花"), ("John  Smith", "John Smith")]
)
def test_spaces_that_tables_put_in_are_dropped(written: str, tidy: str) -> None:
    assert tidy_name(written) == tidy


def test_width_and_kind_of_dot_do_not_count() -> None:
    assert name_key("买买提•艾力") == name_key("买买提·艾 力") == name_key("买买提．艾力")
    assert name_key("ＡＢ公司") == name_key("AB公司") == name_key("ab公司")


@pytest.mark.parametrize("written", ["下党村委会", "下党村", "下党村民委员会", "下 党", "下党行政村"])
def test_a_village_is_known_by_any_of_its_titles(written: str) -> None:
    assert village_key(written) == "下党"


@pytest.mark.parametrize("written", ["鳌阳镇", "鳌阳街道", "鳌阳", "鳌阳街道办事处"])
def test_a_town_is_known_by_any_of_its_titles(written: str) -> None:
    assert town_key(written) == "鳌阳"


def test_a_name_that_is_only_a_title_stays() -> None:
    assert village_key("村") == "村"


@example("A¨㏠")
@example("A \u0308日")
@example("\uf900 x")
@given(st.text(max_size=30))
def test_tidying_twice_changes_nothing(text: str) -> None:
    assert tidy_name(tidy_name(text)) == tidy_name(text)
    assert name_key(name_key(text)) == name_key(text)
