"""Records are hashed as sent, and their chain shows what was taken out, doubled or put elsewhere."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from media.proof import ChainLink, check_chain, record_sha256


def some_chain(length: int, device: str = "phone-a") -> list[ChainLink]:
    links: list[ChainLink] = []
    for seq in range(1, length + 1):
        before = links[-1].sha256_hex if links else None
        links.append(ChainLink(device, seq, record_sha256(f"{device} {seq} after {before}"), before))
    return links


def kinds(links: list[ChainLink]) -> list[tuple[str, int, int]]:
    return [(finding.kind, finding.seq, finding.last_seq) for finding in check_chain(links)]


def test_the_hash_is_of_the_exact_text_in_utf8() -> None:
    assert record_sha256('{"n":1}') == "2bfd14f43d17fc7cea24e0917a8879b4b2f880b8baeec1b9d90fbaad655e71bd"
    assert record_sha256('{"n": 1}') != record_sha256('{"n":1}')
    assert record_sha256("实地") == "5c64e187d3113069f5ba49e5f2320b5493d01517e3bfc0622d3ddcc52b34649c"


def test_a_whole_chain_has_no_findings() -> None:
    assert kinds(some_chain(5)) == []
    assert kinds([]) == []


@given(st.permutations(some_chain(6)))
def test_the_order_of_arrival_does_not_matter(links: list[ChainLink]) -> None:
    assert kinds(links) == []


def test_a_record_sent_twice_counts_once() -> None:
    assert kinds([*some_chain(3), *some_chain(3)]) == []


def test_a_missing_record_is_a_gap_and_nothing_else() -> None:
    links = some_chain(6)
    assert kinds([*links[:2], *links[4:]]) == [("gap", 3, 4)]


def test_a_missing_beginning_is_a_gap() -> None:
    assert kinds(some_chain(3)[1:]) == [("gap", 1, 1)]


def test_a_missing_end_cannot_be_seen_from_the_chain() -> None:
    assert kinds(some_chain(6)[:4]) == []


def test_two_records_under_one_number_are_a_fork_and_either_may_be_continued() -> None:
    links = some_chain(4)
    other = ChainLink("phone-a", 3, record_sha256("another third"), links[1].sha256_hex)
    assert kinds([*links, other]) == [("fork", 3, 3)]


def test_a_record_that_names_another_predecessor_is_found() -> None:
    links = some_chain(3)
    links[2] = ChainLink("phone-a", 3, links[2].sha256_hex, record_sha256("a photo that was taken out"))
    assert kinds(links) == [("wrong_previous", 3, 3)]


def test_a_record_that_names_none_in_the_middle_is_found() -> None:
    links = some_chain(3)
    links[1] = ChainLink("phone-a", 2, links[1].sha256_hex, None)
    assert kinds(links) == [("wrong_previous", 2, 2)]


def test_a_first_record_that_names_a_predecessor_is_found() -> None:
    first = ChainLink("phone-a", 1, record_sha256("first"), record_sha256("one before"))
    assert kinds([first]) == [("wrong_previous", 1, 1)]


def test_devices_have_their_own_chains() -> None:
    links = [*some_chain(3, "phone-a"), *some_chain(3, "phone-b")[1:]]
    [finding] = check_chain(links)
    assert (finding.device, finding.kind, finding.seq) == ("phone-b", "gap", 1)
    assert "still on the phone" in finding.sentence
