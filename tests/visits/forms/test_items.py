"""The 29 items stand as they were received."""

import pytest

from visits.forms import ITEMS_VERSION, NoSuchItem, item, items


def test_there_are_29_items_in_order() -> None:
    assert [known.number for known in items()] == list(range(1, 30))
    assert sorted({known.group for known in items()}) == [1, 2, 3, 4, 5, 6]
    assert all(known.text_zh and known.text_en and known.group_zh and known.group_en for known in items())


def test_clues_of_graft_are_marked() -> None:
    assert [known.number for known in items() if known.clue] == [17, 18, 21]


def test_item_10_is_the_one_about_people_posted_to_villages() -> None:
    assert "挂名走读" in item(10).text_zh
    assert item(10).seen_in_field
    assert not item(10).desk_only


def test_where_an_item_can_be_seen_is_told() -> None:
    assert {known.number for known in items() if known.seen_in_field} == {4, 7, 10, 11, 13, 17, 18, 19, 20, 24, 26}
    assert all(known.seen_in_field or known.asked_of_people or known.desk_only for known in items())


@pytest.mark.parametrize("number", [0, 30, -1])
def test_there_is_no_other_item(number: int) -> None:
    with pytest.raises(NoSuchItem):
        item(number)


def test_the_version_names_this_very_wording() -> None:
    # Whoever changes a word changes the version, and old findings keep the old one.
    assert ITEMS_VERSION == "items-48358fde971f"
