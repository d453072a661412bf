"""What is not told must not show in another answer either: hashes, sealed assignments, logins."""

from typing import Any

import pytest

from tests.api.world import COUNTY, OTHER_VILLAGE, PASSPHRASE, World, a_photo, begin_upload, photo_body
from visits.access import NewAccount, Role, SignInRefused, actor_named, create_account, passphrases, prove_passphrase


def plain(answer: Any) -> tuple[int, Any]:
    """An answer without what differs in any two answers."""
    body = answer.get_json()
    body.pop("request_id", None)
    return answer.status_code, body


def test_a_hash_tells_nobody_else_whether_the_photo_is_known(world: World) -> None:
    """A stranger to the visit, and a team on a visit of its own, hear the same of a known and of an unknown photo."""
    lin, known, unknown = world.phone("lin"), a_photo(), a_photo()
    visit_id = world.opened(lin)
    assert lin.deliver(visit_id, lin.record(visit_id, "photo", photo_body(known))).status_code == 200
    wang = world.phone("wang")
    assigned = world.assign(team=("wang",), village=OTHER_VILLAGE)
    opened = wang.post(f"assignments/{assigned['id']}/opening", {"device_utc": world.clock().isoformat()})
    own = opened.get_json()["visit_id"]
    for visit in (visit_id, own, "0187a000-0000-7000-8000-000000000000"):
        assert plain(begin_upload(wang, visit, known)) == plain(begin_upload(wang, visit, unknown)), visit
    foreign, nowhere = (begin_upload(wang, v, known) for v in (visit_id, "0187a000-0000-7000-8000-000000000000"))
    assert foreign.status_code == nowhere.status_code == 404


def test_a_sealed_assignment_changes_nothing_anybody_else_is_told(world: World) -> None:
    paths = (
        "assignments",
        "visits",
        "villages",
        "coverage",
        "coverage/status",
        "postings",
        "log/checkpoints",
        "ledger",
    )
    who = ("wang", "org", "leader", "oversight", "discipline", "elsewhere")
    phones = {login: world.phone(login) for login in who}

    def told() -> dict[tuple[str, str], Any]:
        answers = {(login, path): phones[login].get(path) for login in who for path in paths}
        return {key: (one.status_code, one.get_json(silent=True)) for key, one in answers.items() if one.is_json}

    def without_ids(answers: dict[tuple[str, str], Any]) -> dict[tuple[str, str], Any]:
        return {
            key: (status, {n: v for n, v in body.items() if n != "request_id"} if isinstance(body, dict) else body)
            for key, (status, body) in answers.items()
        }

    before = without_ids(told())
    world.assign(hours=5)
    after = without_ids(told())
    assert before == after
    assert any(status == 200 for status, _ in after.values())


@pytest.mark.parametrize("login", ["newcomer", "nobody-of-this-name"])
def test_a_wrong_guess_costs_the_same_whether_the_login_exists(
    world: World, login: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The accounts of the county are quick to try; this one is as it would be anywhere.
    with world.store.writing() as uow:
        new = NewAccount("newcomer", "Newcomer", Role.INSPECTOR, COUNTY)
        create_account(uow, actor_named(uow, "root"), new, passphrase=PASSPHRASE, at_utc=world.clock())
    checked = []
    submit = passphrases._checkers.submit
    monkeypatch.setattr(passphrases._checkers, "submit", lambda *args: checked.append(args) or submit(*args))
    with pytest.raises(SignInRefused), world.store.reading() as uow:
        prove_passphrase(uow, login=login, passphrase="wrong wrong wrong", at_utc=world.clock())
    assert len(checked) == 1
    parameters = [args[1].split("$")[3] for args in checked]
    assert parameters == ["m=19456,t=2,p=1"]
