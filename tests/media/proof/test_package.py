"""A package opens with its code and for its assignment only, and the code survives being typed from paper."""

import base64
from dataclasses import replace

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from hypothesis import given
from hypothesis import strategies as st

from media.errors import BadCode, SealBroken
from media.proof import CODE_BYTES, code_text, new_code, open_package, read_code, seal_package

codes = st.binary(min_size=CODE_BYTES, max_size=CODE_BYTES)
ABOUT = "0b9f1c9e-0000-4000-8000-000000000001"


@given(codes)
def test_a_code_is_read_back_as_it_was_written(code: bytes) -> None:
    assert read_code(code_text(code)) == code


@given(codes)
def test_a_code_is_read_however_it_is_typed(code: bytes) -> None:
    text = code_text(code)
    typed = text.lower().replace("-", " ").replace("0", "o").replace("1", "l")
    assert read_code(typed) == read_code(text.replace("-", "").replace("1", "I")) == code


@given(codes, st.integers(0, 26), st.sampled_from("0123456789ABCDEFGHJKMNPQRSTVWXYZ"))
def test_one_wrong_symbol_is_noticed(code: bytes, place: int, symbol: str) -> None:
    text = code_text(code).replace("-", "")
    wrong = text[:place] + symbol + text[place + 1 :]
    if wrong != text:
        with pytest.raises(BadCode):
            read_code(wrong)


@given(codes, st.integers(0, 24))
def test_two_swapped_symbols_are_noticed(code: bytes, place: int) -> None:
    text = code_text(code).replace("-", "")
    wrong = text[:place] + text[place + 1] + text[place] + text[place + 2 :]
    if wrong != text:
        with pytest.raises(BadCode):
            read_code(wrong)


@pytest.mark.parametrize("typed", ["", "12345", "Z" * 26 + "0", "0" * 26 + "é", "*" * 27, "U" * 27])
def test_what_is_no_code_is_said_to_be_none(typed: str) -> None:
    with pytest.raises(BadCode):
        read_code(typed)


def test_a_known_code_keeps_its_text() -> None:
    """Phones have a reader of their own, so the writing is fixed: 2**127 + 1 is 4, zeros and 1, and 36 modulo 37."""
    assert (2**127 + 1) % 37 == 36
    assert code_text((2**127 + 1).to_bytes(16)) == "40000-00000-00000-00000-00000-1U"


def test_a_package_opens_with_its_code_for_its_assignment() -> None:
    code = new_code()
    sealed = seal_package(code, b'{"village": "x"}', ABOUT)
    assert open_package(code, sealed, ABOUT).rstrip() == b'{"village": "x"}'
    for other_code, about in ((new_code(), ABOUT), (code, ABOUT.replace("1", "2"))):
        with pytest.raises(SealBroken):
            open_package(other_code, sealed, about)


def test_a_changed_package_does_not_open() -> None:
    code = new_code()
    sealed = seal_package(code, b"{}", ABOUT)
    for name in ("salt", "iv", "ciphertext"):
        whole = getattr(sealed, name)
        changed = ("A" if whole[0] != "A" else "B") + whole[1:]
        with pytest.raises(SealBroken):
            open_package(code, replace(sealed, **{name: changed}), ABOUT)


def test_the_length_tells_nothing_and_no_two_sealings_are_alike() -> None:
    code = new_code()
    small, large, again = (seal_package(code, b"x" * size, ABOUT) for size in (2, 16_000, 2))
    assert len(small.ciphertext) == len(large.ciphertext)
    assert len({small.ciphertext, again.ciphertext}) == len({small.salt, again.salt}) == 2


def test_a_browser_opens_it_by_the_published_recipe() -> None:
    """HKDF-SHA256 with the salt and a fixed info, AES-256-GCM with the tag at the end, the assignment as AAD."""
    code = new_code()
    sealed = seal_package(code, b'{"a": 1}', ABOUT)
    salt, iv, ciphertext = (
        base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)) for part in (sealed.salt, sealed.iv, sealed.ciphertext)
    )
    key = HKDF(SHA256(), 32, salt, b"shidi sealed package").derive(code)
    plain = AESGCM(key).decrypt(iv, ciphertext, ABOUT.encode())
    assert len(plain) == 16 * 1024
    assert plain.rstrip(b" ") == b'{"a": 1}'
