"""The roster: matched, versioned, never rewritten."""

from datetime import date, timedelta

import pytest

from tests.visits.people.makers import ORGANIZATION, ROSTER_DAY, load_roster, roster_row, the_posting
from tests.visits.places.makers import (
    NAMESAKE,
    OTHER_VILLAGE,
    VILLAGE,
    load_villages,
    some_actor,
)
from visits.access import NotAllowed, Role
from visits.people import (
    NoSuchPosting,
    PostingKind,
    PostingState,
    import_roster,
    posting,
    posting_known,
    postings,
    postings_expected,
)
from visits.places import ImportRefused
from visits.store import Store


@pytest.fixture(autouse=True)
def loaded(store: Store) -> None:
    load_villages(store)


def expected_on(store: Store, day: date, village_code: str = VILLAGE) -> int:
    with store.reading() as uow:
        return len(postings_expected(uow, village_code, day))


def test_a_posting_that_ended_yesterday_is_not_expected_today(store: Store) -> None:
    load_roster(store, roster_row())
    counted = {day: expected_on(store, day) for day in (date(2025, 6, 30), date(2025, 7, 1))}
    assert counted == {date(2025, 6, 30): 0, date(2025, 7, 1): 1}
    assert [expected_on(store, day) for day in (date(2027, 6, 30), date(2027, 7, 1))] == [1, 0]


def test_the_people_of_a_village_come_by_kind_then_name_then_id(store: Store) -> None:
    said = [("王五", "队员"), ("李四", "第一书记"), ("王五", "队长"), ("丁一", "队员"), ("王五", "队员")]
    rows = [roster_row(n, name=name, kind=kind, birth_month=f"198{n}-03") for n, (name, kind) in enumerate(said)]
    load_roster(store, *rows)
    with store.reading() as uow:
        listed = [(p.kind.value, p.name, p.id.hex) for p in postings_expected(uow, VILLAGE, date(2026, 3, 2))]
    assert len(listed) == 5
    assert listed == sorted(listed)


def test_an_open_posting_goes_on(store: Store) -> None:
    load_roster(store, roster_row(to_date=None))
    assert expected_on(store, date(2040, 1, 1)) == 1


def test_nobody_is_expected_on_the_day_of_a_recall(store: Store) -> None:
    load_roster(store, roster_row(state="召回", changed_on=date(2026, 2, 10)))
    assert [expected_on(store, date(2026, 2, day)) for day in (9, 10)] == [1, 0]


def test_what_was_known_when_is_never_rewritten(store: Store) -> None:
    load_roster(store, roster_row())
    before = the_posting(store)
    later = ROSTER_DAY + timedelta(days=60)
    report = load_roster(store, roster_row(state="调整", changed_on=date(2026, 2, 10)), at_utc=later)
    assert (report.created, report.changed) == (0, 1)
    on = date(2026, 3, 2)
    with store.reading() as uow:
        assert postings_expected(uow, VILLAGE, on, known_at_utc=later) == []
        assert postings_expected(uow, VILLAGE, on, known_at_utc=later - timedelta(seconds=1)) == [before]
        assert postings_expected(uow, VILLAGE, on, known_at_utc=ROSTER_DAY - timedelta(seconds=1)) == []
        now = posting_known(uow, before.id)
        assert posting_known(uow, before.id, known_at_utc=ROSTER_DAY) == before
    assert now is not None
    assert (now.id, now.version, now.state, now.left_on) == (before.id, 2, PostingState.MOVED, date(2026, 2, 10))


def test_a_corrected_start_is_the_same_posting_and_a_new_term_is_another(store: Store) -> None:
    load_roster(store, roster_row())
    corrected = roster_row(1, from_date=date(2025, 7, 15))
    next_term = roster_row(2, from_date=date(2027, 7, 1), to_date=date(2029, 6, 30))
    report = load_roster(store, corrected, next_term)
    assert (report.created, report.changed) == (1, 1)
    assert report.remarks == ()


def test_an_overlapping_term_is_taken_and_told(store: Store) -> None:
    load_roster(store, roster_row())
    report = load_roster(store, roster_row(1), roster_row(2, from_date=date(2027, 6, 1), to_date=date(2029, 6, 30)))
    assert (report.created, [(r.row_number, r.field) for r in report.remarks]) == (1, [(2, "from_date")])


def test_who_is_missing_from_the_roster_is_told_and_not_ended(store: Store) -> None:
    elsewhere = roster_row(3, name="王五", village_code=NAMESAKE)
    load_roster(store, roster_row(1), roster_row(2, name="李四", kind="队员"), elsewhere)
    report = load_roster(store, roster_row(1))
    assert [(r.row_number, "李四" in r.reason_zh) for r in report.remarks] == [(0, True)]
    assert expected_on(store, date(2026, 3, 2)) == 2


def test_a_term_that_is_over_but_marked_in_post_is_told(store: Store) -> None:
    report = load_roster(store, roster_row(to_date=date(2025, 12, 31), state="在岗"))
    assert [r.field for r in report.remarks] == ["to_date"]


@pytest.mark.parametrize(
    ("word", "kind", "lives_in"),
    [
        ("第一书记", PostingKind.FIRST_SECRETARY, True),
        ("工作队长", PostingKind.TEAM_LEADER, True),
        ("队员", PostingKind.TEAM_MEMBER, True),
        ("下派村党支部书记", PostingKind.BRANCH_SECRETARY, True),
        ("省驻村干部", PostingKind.PROVINCIAL, True),
        ("挂钩帮扶", PostingKind.LINKED_HELPER, False),
    ],
)
def test_who_must_live_in_follows_from_the_kind(store: Store, word: str, kind: PostingKind, lives_in: bool) -> None:
    load_roster(store, roster_row(kind=word))
    assert (the_posting(store).kind, the_posting(store).must_live_in) == (kind, lives_in)


def test_the_roster_may_say_that_somebody_lives_elsewhere(store: Store) -> None:
    load_roster(store, roster_row(must_live_in=False, round="第七轮"))
    assert (the_posting(store).must_live_in, the_posting(store).round) == (False, "第七轮")


def test_everything_bad_is_told_in_one_pass_and_nothing_is_stored(store: Store) -> None:
    rows = [
        roster_row(1),
        roster_row(2, name="　", sending_unit=""),
        roster_row(3, name="李四", birth_month="不详"),
        roster_row(4, name="王五", kind="驻村干部"),
        roster_row(5, name="赵六", from_date=None),
        roster_row(6, name="钱七", to_date=date(2020, 1, 1)),
        roster_row(7, name="孙八", state="调整"),
        roster_row(8, name="周九", state="休息"),
        roster_row(9, name="吴十", village_code="350981100201"),
        roster_row(10, name="郑一", village_code=None, village_name="下党村"),
        roster_row(11, name="冯二", person_number="R009999"),
        roster_row(12),
        roster_row(13, name="陈三", state="召回", changed_on=date(2020, 1, 1)),
    ]
    with pytest.raises(ImportRefused) as refused:
        load_roster(store, *rows)
    assert [(c.row_number, c.field) for c in refused.value.complaints] == [
        (2, "name"),
        (2, "sending_unit"),
        (3, "birth_month"),
        (4, "kind"),
        (5, "from_date"),
        (6, "to_date"),
        (7, "changed_on"),
        (8, "state"),
        (9, "village_code"),
        (10, "village_name"),
        (11, "person_number"),
        (12, "name"),
        (13, "changed_on"),
    ]
    assert NAMESAKE in refused.value.complaints[9].reason_zh
    with store.reading() as uow:
        assert postings(uow, ORGANIZATION) == []


def test_postings_are_paged_by_village_then_id(store: Store) -> None:
    codes = (VILLAGE, OTHER_VILLAGE, VILLAGE, NAMESAKE)
    load_roster(store, *(roster_row(n, name=f"人{n}", village_code=code) for n, code in enumerate(codes, start=1)))
    with store.reading() as uow:
        everybody = postings(uow, ORGANIZATION)
        paged = postings(uow, ORGANIZATION, limit=1)
        while page := postings(uow, ORGANIZATION, after=(paged[-1].village_code, paged[-1].id), limit=1):
            paged += page
    assert paged == everybody
    assert [p.village_code for p in paged] == sorted(codes)
    assert [(p.village_code, p.id) for p in paged] == sorted((p.village_code, p.id) for p in paged)


def test_only_the_organization_department_of_the_county_reads_people(store: Store) -> None:
    load_roster(store, roster_row())
    known = the_posting(store)
    with store.reading() as uow:
        assert posting(uow, ORGANIZATION, known.id) == known
        elsewhere = some_actor(Role.ORGANIZATION, "350981")
        assert postings(uow, elsewhere) == []
        with pytest.raises(NoSuchPosting):
            posting(uow, elsewhere, known.id)
        for role in set(Role) - {Role.ORGANIZATION}:
            with pytest.raises(NotAllowed):
                postings(uow, some_actor(role))
            with pytest.raises(NotAllowed):
                posting(uow, some_actor(role), known.id)
    with store.writing() as uow, pytest.raises(NotAllowed):
        import_roster(uow, some_actor(Role.ADMIN), [roster_row()], at_utc=ROSTER_DAY)
