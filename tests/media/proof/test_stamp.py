"""Time stamps by a real authority (openssl's), in the form the library reads and in the one it refuses."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from media.errors import AuthorityUnavailable, BadKey, ProofBroken
from media.proof import check_stamp, check_stamp_answer, new_stamp_request
from tests.media.proof.tsa import Authority, make_authority

MESSAGE = b"shidi-checkpoint/1\n"


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return make_authority(tmp_path_factory.mktemp("tsa") / "one")


@pytest.mark.parametrize("whole_chain", [False, True])
def test_a_stamp_holds_under_its_authority_and_gives_the_time(authority: Authority, whole_chain: bool) -> None:
    request = new_stamp_request(MESSAGE)
    response = authority.answer(request.der, whole_chain=whole_chain)
    check_stamp_answer(request, MESSAGE, response)
    at_utc = check_stamp(response, MESSAGE, authority.root_pem)
    assert abs(datetime.now(UTC) - at_utc) < timedelta(minutes=5)


@pytest.mark.parametrize("whole_chain", [False, True])
def test_a_stamp_of_another_text_or_authority_is_refused(
    authority: Authority, tmp_path: Path, whole_chain: bool
) -> None:
    response = authority.answer(new_stamp_request(MESSAGE).der, whole_chain=whole_chain)
    with pytest.raises(ProofBroken):
        check_stamp(response, MESSAGE + b"!", authority.root_pem)
    with pytest.raises(ProofBroken):
        check_stamp(response, MESSAGE, make_authority(tmp_path / "other").root_pem)


def test_without_openssl_an_answer_the_library_cannot_read_is_said_so(
    authority: Authority, monkeypatch: pytest.MonkeyPatch
) -> None:
    response = authority.answer(new_stamp_request(MESSAGE).der, whole_chain=True)
    monkeypatch.setenv("PATH", "")
    with pytest.raises(ProofBroken, match="openssl"):
        check_stamp(response, MESSAGE, authority.root_pem)


@pytest.mark.parametrize("whole_chain", [False, True])
def test_an_answer_to_another_request_is_no_answer(authority: Authority, whole_chain: bool) -> None:
    first, second = new_stamp_request(MESSAGE), new_stamp_request(MESSAGE)
    response = authority.answer(first.der, whole_chain=whole_chain)
    with pytest.raises(AuthorityUnavailable):
        check_stamp_answer(second, MESSAGE, response)
    with pytest.raises(AuthorityUnavailable):
        check_stamp_answer(first, MESSAGE, b"<html>504</html>")


def test_an_authority_file_without_certificate_is_refused(authority: Authority) -> None:
    response = authority.answer(new_stamp_request(MESSAGE).der)
    with pytest.raises(BadKey):
        check_stamp(response, MESSAGE, b"no certificate")


def test_no_flipped_bit_of_a_stamp_passes_for_another_time(authority: Authority) -> None:
    """A flip may fall into bytes nobody signs; then the stamp must still be the same stamp."""
    response = authority.answer(new_stamp_request(MESSAGE).der)
    at_utc = check_stamp(response, MESSAGE, authority.root_pem)
    for place in range(0, len(response), 61):
        spoiled = bytearray(response)
        spoiled[place] ^= 1
        try:
            assert check_stamp(bytes(spoiled), MESSAGE, authority.root_pem) == at_utc
        except ProofBroken:
            continue
