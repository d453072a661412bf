"""A reporter's identity opens with the one key it was sealed to, and tells nothing by its length."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from media.errors import BadKey, SealBroken
from media.proof import new_device_key, open_identity, read_identity, read_vault_key, seal_identity, vault_key_bytes

KEY = new_device_key()
WHO = {"name": "演示举报人", "contact": "只在夜里打电话"}


def test_it_opens_with_its_key_and_with_no_other() -> None:
    sealed = seal_identity(KEY.public_jwk, WHO)
    assert open_identity(sealed, KEY) == WHO
    assert "演示" not in sealed
    with pytest.raises(SealBroken, match="another key"):
        open_identity(sealed, new_device_key())


def test_its_length_is_the_same_for_most_people() -> None:
    lengths = {len(seal_identity(KEY.public_jwk, {"name": "张" * n})) for n in (1, 3, 300)}
    assert len(lengths) == 1
    with pytest.raises(BadKey):
        seal_identity(KEY.public_jwk, {"name": "张" * 40_000})


@pytest.mark.parametrize(
    "change",
    [
        lambda said: said.update(ciphertext=said["ciphertext"][:-4] + "AAAA"),
        lambda said: said.update(iv="A" * 16),
        lambda said: said.update(epk=new_device_key().public_jwk),
    ],
)
def test_a_changed_text_does_not_open(change) -> None:  # type: ignore[no-untyped-def]
    said = json.loads(seal_identity(KEY.public_jwk, WHO))
    change(said)
    with pytest.raises(SealBroken):
        open_identity(json.dumps(said), KEY)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        '"张三"',
        '{"name": "张三"}',
        "[" * 100_000,
        json.dumps({**json.loads(seal_identity(KEY.public_jwk, WHO)), "name": "张三"}),
        json.dumps({**json.loads(seal_identity(KEY.public_jwk, WHO)), "ciphertext": "5byg5LiJ"}),
        json.dumps({**json.loads(seal_identity(KEY.public_jwk, WHO)), "kid": 7}),
        json.dumps({**json.loads(seal_identity(KEY.public_jwk, WHO)), "epk": {"kty": "EC"}}),
    ],
)
def test_what_nobody_sealed_is_not_taken_for_sealed(text: str) -> None:
    with pytest.raises(SealBroken):
        read_identity(text)


@settings(max_examples=200)
@given(st.text(max_size=200) | st.recursive(st.none() | st.booleans() | st.integers(), st.lists).map(json.dumps))
def test_rubbish_is_refused_in_words(text: str) -> None:
    with pytest.raises(SealBroken):
        read_identity(text)


def test_a_key_file_opens_with_its_passphrase_only() -> None:
    kept = vault_key_bytes(KEY, "一句只有纪委知道的长口令")
    again = read_vault_key(kept, "一句只有纪委知道的长口令")
    assert open_identity(seal_identity(KEY.public_jwk, WHO), again) == WHO
    for data, passphrase in ((kept, "another one"), (b"no key", "x"), (b"", "x")):
        with pytest.raises(BadKey):
            read_vault_key(data, passphrase)
