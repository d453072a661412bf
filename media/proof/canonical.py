"""One text for one value, so that what is hashed or signed can be written anew and compared."""

from __future__ import annotations

import json


def canonical(value: object) -> bytes:
    """Return JSON with sorted keys and no spaces, in UTF-8."""
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()
