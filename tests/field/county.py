"""A small county on disk with a village, posted people and many assignments, for phones that are real browsers."""

from contextlib import closing
from datetime import UTC, date, datetime
from pathlib import Path

from api.app import open_store
from tests.reliability.rig import COUNTY, PASSPHRASE, VILLAGE, make_county, settings_of
from visits.access import NewAccount, Role, actor_named, create_account
from visits.people import RosterRow, import_roster


def make_field_county(data_dir: Path, *, visits: int) -> None:
    """Fill an empty data folder: as for the reliability tests, with two people posted to the village."""
    make_county(data_dir, visits=visits)
    people = [
        RosterRow(2, "张三", "1985-03", "县财政局", "第一书记", date(2026, 1, 1), village_code=VILLAGE),
        RosterRow(3, "李四", "1990-07", "县水利局", "队员", date(2026, 1, 1), village_code=VILLAGE),
    ]
    with closing(open_store(settings_of(data_dir))) as store, store.writing() as uow:
        now = datetime.now(UTC)
        org = NewAccount("org", "Org", Role.ORGANIZATION, COUNTY)
        create_account(uow, actor_named(uow, "root"), org, passphrase=PASSPHRASE, at_utc=now)
        import_roster(uow, actor_named(uow, "org"), people, at_utc=now)
