"""The list of villages: keyed by code, all or nothing, scoped."""

from datetime import date

import pytest
from sqlalchemy import func, select

from tests.visits.places.makers import (
    COUNTY,
    NAMESAKE,
    NOW,
    OTHER_VILLAGE,
    VILLAGE,
    load_villages,
    some_actor,
    three_villages,
    village_row,
)
from visits.access import Audit, NotAllowed, Role
from visits.places import (
    Division,
    ImportRefused,
    NoSuchVillage,
    VillageFinder,
    VillageKind,
    import_villages,
    village,
    villages,
)
from visits.store import Store


def refused_fields(refused: pytest.ExceptionInfo[ImportRefused]) -> list[tuple[int, str]]:
    return [(c.row_number, c.field) for c in refused.value.complaints]


def test_towns_and_county_are_made_from_the_codes(store: Store) -> None:
    report = load_villages(store)
    assert (report.created, report.changed, report.unchanged) == (3, 0, 0)
    with store.reading() as uow:
        seen = village(uow, some_actor(Role.INSPECTOR), VILLAGE)
    assert (seen.name, seen.town_code, seen.town_name) == ("下党村委会", "350924106", "南阳镇")
    assert (seen.county_code, seen.county_name, seen.kind) == (COUNTY, "寿宁县", VillageKind.VILLAGE)


def test_two_villages_of_one_name_stay_two_and_are_told(store: Store) -> None:
    report = load_villages(store)
    assert {r.row_number for r in report.remarks} == {1, 3}
    with store.reading() as uow:
        assert [v.code for v in villages(uow, some_actor())] == [OTHER_VILLAGE, VILLAGE, NAMESAKE]


def test_a_second_import_counts_what_changed(store: Store) -> None:
    load_villages(store)
    first, second, third = three_villages()
    report = load_villages(store, [village_row(1, VILLAGE, programme_round=5), second, third])
    assert (report.created, report.changed, report.unchanged) == (0, 1, 2)
    assert (load_villages(store, [first, second, third]).changed) == 1


def test_everything_bad_is_told_in_one_pass_and_nothing_is_stored(store: Store) -> None:
    rows = [
        village_row(1, VILLAGE),
        village_row(2, "3.50924E+11"),
        village_row(3, "350981100201", town_name="别县镇"),
        village_row(4, VILLAGE),
        village_row(5, OTHER_VILLAGE, town_code="350924107", village_name="　"),
        village_row(6, "350924106209", town_name="别名镇"),
        village_row(7, "350924106210", successor_code="350924999999", valid_to=date(2024, 1, 1)),
        village_row(8, "350924106211", valid_from=date(2024, 1, 1), valid_to=date(2023, 1, 1)),
    ]
    with pytest.raises(ImportRefused) as refused:
        load_villages(store, rows)
    assert refused_fields(refused) == [
        (2, "village_code"),
        (3, "village_code"),
        (4, "village_code"),
        (5, "town_code"),
        (5, "village_name"),
        (6, "town_name"),
        (7, "successor_code"),
        (8, "valid_to"),
    ]
    with store.reading() as uow:
        assert uow.session.scalar(select(func.count()).select_from(Division)) == 0


def test_a_merged_village_names_its_successor(store: Store) -> None:
    ended = {"valid_to": date(2024, 6, 30), "successor_code": VILLAGE}
    load_villages(store, [village_row(1, VILLAGE), village_row(2, OTHER_VILLAGE, village_name="溪源村", **ended)])
    with store.reading() as uow:
        seen = village(uow, some_actor(), OTHER_VILLAGE)
        finder = VillageFinder(uow, some_actor(), on=date(2025, 1, 1))
    assert (seen.valid_to, seen.successor_code) == (date(2024, 6, 30), VILLAGE)
    assert finder.find(code=None, town_name="南阳镇", village_name="溪源村").village is None
    assert finder.find(code=OTHER_VILLAGE, town_name=None, village_name=None).village == seen


def test_a_successor_needs_a_day(store: Store) -> None:
    with pytest.raises(ImportRefused) as refused:
        load_villages(store, [village_row(1), village_row(2, OTHER_VILLAGE, successor_code=VILLAGE)])
    assert refused_fields(refused) == [(2, "valid_to")]


def test_the_kind_follows_from_the_code_unless_it_is_said(store: Store) -> None:
    rows = [
        village_row(1, "350924100001", town_name="鳌阳镇", village_name="北凤社区居委会"),
        village_row(2, "350924100200", town_name="鳌阳镇", village_name="茗溪村", kind="社区"),
        village_row(3, "350924100201", town_name="鳌阳镇", village_name="后溪村", kind="特色保护类"),
    ]
    report = load_villages(store, rows)
    with store.reading() as uow:
        kinds = [v.kind for v in villages(uow, some_actor())]
    assert kinds == [VillageKind.RESIDENTS, VillageKind.RESIDENTS, VillageKind.VILLAGE]
    assert [(r.row_number, r.field) for r in report.remarks] == [(2, "kind"), (3, "kind")]


def test_villages_are_paged_by_code_and_filtered_by_round(store: Store) -> None:
    first, second, _ = three_villages()
    load_villages(store, [first, second, village_row(3, NAMESAKE, town_name="下党乡", programme_round=5)])
    with store.reading() as uow:
        page = villages(uow, some_actor(), limit=2)
        rest = villages(uow, some_actor(), after_code=page[-1].code, limit=2)
        fifth_round = villages(uow, some_actor(), programme_round=5)
    assert [v.code for v in page + rest] == [OTHER_VILLAGE, VILLAGE, NAMESAKE]
    assert [v.code for v in fifth_round] == [NAMESAKE]


def test_another_county_sees_nothing(store: Store) -> None:
    load_villages(store)
    elsewhere = some_actor(division_prefix="350981")
    with store.reading() as uow:
        assert villages(uow, elsewhere) == []
        with pytest.raises(NoSuchVillage):
            village(uow, elsewhere, VILLAGE)


def test_only_an_admin_imports_places(store: Store) -> None:
    for role in set(Role) - {Role.ADMIN}:
        with store.writing() as uow, pytest.raises(NotAllowed):
            import_villages(uow, some_actor(role), three_villages(), at_utc=NOW)


def test_an_import_is_noted(store: Store) -> None:
    load_villages(store)
    with store.reading() as uow:
        noted = uow.session.scalars(select(Audit)).one()
        assert (noted.act, noted.detail["created"]) == ("import.villages", 3)


def test_a_county_without_a_name_is_called_by_its_code_until_it_has_one(store: Store) -> None:
    with store.writing() as uow:
        report = import_villages(uow, some_actor(), [village_row()], at_utc=NOW)
    assert [r.field for r in report.remarks] == ["county_name"]
    load_villages(store, [village_row()])
    with store.reading() as uow:
        assert village(uow, some_actor(), VILLAGE).county_name == "寿宁县"


def test_a_name_that_two_villages_have_is_asked_back_with_the_codes(store: Store) -> None:
    load_villages(store)
    with store.reading() as uow:
        finder = VillageFinder(uow, some_actor(), on=date(2026, 1, 1))
    both = finder.find(code=None, town_name=None, village_name="下党村")
    assert both.village is None
    assert VILLAGE in both.reason_zh
    assert NAMESAKE in both.reason_en
    one = finder.find(code=None, town_name="下党乡", village_name="下　党村").village
    assert one is not None
    assert one.code == NAMESAKE
    elsewhere = finder.find(code=None, town_name="斜滩镇", village_name="下党村")
    assert elsewhere.village is None
    assert NAMESAKE in elsewhere.reason_zh


def test_a_code_and_a_name_that_disagree_are_asked_back(store: Store) -> None:
    load_villages(store, [village_row(1), village_row(2, OTHER_VILLAGE, village_name="溪源村", former_name="旧溪村")])
    with store.reading() as uow:
        finder = VillageFinder(uow, some_actor(), on=date(2026, 1, 1))
    assert finder.find(code=VILLAGE, town_name=None, village_name="溪源村").field == "village_code"
    assert finder.find(code=OTHER_VILLAGE, town_name=None, village_name="旧溪村委会").village is not None
    assert finder.find(code=None, town_name=None, village_name=None).field == "village_code"
