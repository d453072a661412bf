"""Speak to a provider of OpenID Connect (Core 1.0): code flow with PKCE, and an ID token that is checked whole.

``joserfc`` comes with the extra ``oidc`` and is loaded where it is used.
"""

import hashlib
import json
from collections.abc import Mapping
from typing import Any
from urllib.error import URLError
from urllib.parse import urlencode
from urllib.request import Request, urlopen

from api.settings import Settings
from media.proof import b64url_text
from visits.access import Flow, OutsideSignInFailed

ANSWER_WITHIN_S = 10
LARGEST_ANSWER_BYTES = 256 * 1024
# Signatures only: a token that says "none", or is sealed with our own secret, is nobody's word.
ALGORITHMS = ["RS256", "PS256", "ES256", "EdDSA"]
LEEWAY_S = 60


def way_there(settings: Settings, flow: Flow, return_url: str) -> str:
    """The address at the provider where the person signs in."""
    challenge = b64url_text(hashlib.sha256(flow.verifier.encode()).digest())
    asked = {
        "response_type": "code",
        "scope": "openid",
        "client_id": settings.oidc_client_id,
        "redirect_uri": return_url,
        "state": flow.state,
        "nonce": flow.nonce,
        "code_challenge": challenge,
        "code_challenge_method": "S256",
    }
    there = _discover(settings)["authorization_endpoint"]
    return f"{there}{'&' if '?' in there else '?'}{urlencode(asked)}"


def subject_of(settings: Settings, flow: Flow, code: str, return_url: str, *, now_s: int) -> str:
    """Who signed in there: the subject of the ID token that the provider gives for the code."""
    known = _discover(settings)
    asked = {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": return_url,
        "client_id": settings.oidc_client_id,
        "code_verifier": flow.verifier,
    }
    if settings.oidc_client_secret:
        asked["client_secret"] = settings.oidc_client_secret
    given = _ask(known["token_endpoint"], urlencode(asked).encode())
    keys = _ask(known["jwks_uri"])
    try:
        return _read_token(settings, flow, given["id_token"], keys, now_s)
    except OutsideSignInFailed:
        raise
    except Exception as reason:  # joserfc raises many kinds for what a provider sent; all mean the same here
        raise OutsideSignInFailed(f"the provider's token does not hold: {type(reason).__name__}") from reason


def _read_token(settings: Settings, flow: Flow, token: str, keys: Mapping[str, Any], now_s: int) -> str:
    from joserfc import jwt
    from joserfc.jwk import KeySet

    claims = jwt.decode(token, KeySet.import_key_set(dict(keys)), algorithms=ALGORITHMS).claims  # type: ignore[arg-type]
    audience = claims["aud"] if isinstance(claims["aud"], list) else [claims["aud"]]
    holds = {
        "issuer": claims["iss"] == settings.oidc_issuer,
        "audience": settings.oidc_client_id in audience,
        "party": len(audience) == 1 or claims.get("azp") == settings.oidc_client_id,
        "nonce": claims["nonce"] == flow.nonce,
        "end": now_s - LEEWAY_S < int(claims["exp"]),
        "begin": int(claims["iat"]) < now_s + LEEWAY_S,
        "subject": isinstance(claims["sub"], str) and 0 < len(claims["sub"]) <= 255,
    }
    wrong = [name for name, is_so in holds.items() if not is_so]
    if wrong:
        raise OutsideSignInFailed(f"the provider's token does not hold: {', '.join(wrong)}")
    return str(claims["sub"])


def _discover(settings: Settings) -> dict[str, str]:
    known = _ask(f"{(settings.oidc_issuer or '').rstrip('/')}/.well-known/openid-configuration")
    wanted = ("authorization_endpoint", "token_endpoint", "jwks_uri")
    web = all(str(known.get(name, "")).startswith(("https://", "http://")) for name in wanted)
    if known.get("issuer") != settings.oidc_issuer or not web:
        raise OutsideSignInFailed("the provider describes itself as another one, or not whole")
    return {name: str(known[name]) for name in wanted}


def _ask(url: str, form: bytes | None = None) -> dict[str, Any]:
    """The JSON a provider answers with; its address is a setting, or was named by that very address."""
    asked = Request(url, data=form, headers={"Accept": "application/json"})  # noqa: S310
    try:
        with urlopen(asked, timeout=ANSWER_WITHIN_S) as answer:  # noqa: S310
            said = answer.read(LARGEST_ANSWER_BYTES + 1)
        if len(said) > LARGEST_ANSWER_BYTES:
            raise ValueError("the answer is too long")
        body = json.loads(said)
        if not isinstance(body, dict):
            raise ValueError("the answer is no object")
    except (URLError, OSError, ValueError, RecursionError) as reason:
        raise OutsideSignInFailed(f"the provider did not answer as agreed: {type(reason).__name__}") from reason
    return body
