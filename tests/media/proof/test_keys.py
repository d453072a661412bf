"""A pair that is written down is the same pair again, and is named as RFC 7638 says."""

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from media.errors import BadKey
from media.proof import key_id, new_device_key, private_bytes, read_private, sign_p256, verify_p256


def test_a_pair_comes_back_as_it_was() -> None:
    pair = new_device_key()
    again = read_private(private_bytes(pair))
    assert again.public_jwk == pair.public_jwk
    assert verify_p256(pair.public_jwk, b"said", sign_p256(again, b"said"))


@pytest.mark.parametrize(
    "private",
    [
        b"no key",
        ed25519.Ed25519PrivateKey.generate().private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption()),
        ec.generate_private_key(ec.SECP384R1()).private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption()),
    ],
    ids=["rubbish", "Ed25519", "P-384"],
)
def test_what_is_no_p256_key_is_refused(private: bytes) -> None:
    with pytest.raises(BadKey):
        read_private(private)


def test_a_name_is_the_published_thumbprint() -> None:
    """The EC key of RFC 7517 A.1, and its thumbprint as worked out by hand with sha256sum."""
    jwk = {
        "kty": "EC",
        "crv": "P-256",
        "x": "MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4",
        "y": "4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM",
        "use": "enc",
        "kid": "1",
    }
    assert key_id(jwk) == "cn-I_WNMClehiVp51i_0VpOENW1upEerA8sEam5hn-s"
