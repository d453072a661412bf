"""A small county on disk with a village, posted people and many assignments, for phones that are real browsers."""

from contextlib import closing
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from api.app import open_store
from tests.reliability.rig import COUNTY, PASSPHRASE, VILLAGE, make_county, settings_of
from visits.access import NewAccount, Role, actor_named, create_account
from visits.people import RosterRow, import_roster
from visits.plans import NewAssignment, assign

OF_ONE = 8


def make_field_county(data_dir: Path, *, visits: int) -> None:
    """Fill an empty data folder: as for the reliability tests, with two people posted to the village.

    A third inspector, zhou, has a few assignments alone: a phone of hers fetches everything in a moment.
    """
    make_county(data_dir, visits=visits)
    people = [
        RosterRow(2, "张三", "1985-03", "县财政局", "第一书记", date(2026, 1, 1), village_code=VILLAGE),
        RosterRow(3, "李四", "1990-07", "县水利局", "队员", date(2026, 1, 1), village_code=VILLAGE),
    ]
    with closing(open_store(settings_of(data_dir))) as store, store.writing() as uow:
        now = datetime.now(UTC)
        for login, role in (("org", Role.ORGANIZATION), ("zhou", Role.INSPECTOR)):
            new = NewAccount(login, login.title(), role, COUNTY)
            create_account(uow, actor_named(uow, "root"), new, passphrase=PASSPHRASE, at_utc=now)
        import_roster(uow, actor_named(uow, "org"), people, at_utc=now)
        alone = NewAssignment(
            VILLAGE, False, (actor_named(uow, "zhou").account_id,), now - timedelta(hours=1), now + timedelta(days=2)
        )
        made = [assign(uow, actor_named(uow, "office"), alone, at_utc=now) for _ in range(OF_ONE)]
    (data_dir / "assignments-of-zhou").write_text("\n".join(str(one.id) for one in made))
