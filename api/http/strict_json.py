"""JSON read so strictly that every reader would have understood the same value."""

import json
from typing import Any, NoReturn

from api.http.errors import UnreadableBody

# Python's own reader gives up at about a thousand levels with a RecursionError; nothing honest goes near this.
DEEPEST_NESTING = 64


def read_json(raw: bytes | str) -> Any:
    """The value of one JSON text; raises ``UnreadableBody`` for everything that leaves room for doubt.

    Refused are: bytes that are not UTF-8, a key that comes twice, NaN and Infinity, numbers no machine holds, NUL
    characters and half surrogate pairs (which neither database stores), and nesting deeper than any form of ours.
    """
    try:
        text = raw.decode("utf-8") if isinstance(raw, bytes) else raw
        value = json.loads(
            text, object_pairs_hook=_without_duplicates, parse_constant=_refuse_constant, parse_int=_whole_number
        )
        _check_value(value, 0)
    except UnreadableBody:
        raise
    except RecursionError as reason:
        raise UnreadableBody("the JSON is nested too deeply") from reason
    except UnicodeError as reason:
        raise UnreadableBody("the text is not valid UTF-8") from reason
    except ValueError as reason:
        raise UnreadableBody(f"this is not JSON: {reason}") from reason
    return value


def _without_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise UnreadableBody("a key comes twice in one object")
    return found


def _refuse_constant(name: str) -> NoReturn:
    raise UnreadableBody(f"{name} is not a number in JSON")


def _whole_number(digits: str) -> int:
    if len(digits) > 19:
        raise UnreadableBody("a whole number has too many digits")
    return int(digits)


def _check_value(value: object, depth: int) -> None:
    if depth > DEEPEST_NESTING:
        raise UnreadableBody("the JSON is nested too deeply")
    if isinstance(value, str):
        _check_text(value)
    elif isinstance(value, float):
        if value in (float("inf"), float("-inf")):
            raise UnreadableBody("a number is too large")
    elif isinstance(value, dict):
        for key, inner in value.items():
            _check_text(key)
            _check_value(inner, depth + 1)
    elif isinstance(value, list):
        for inner in value:
            _check_value(inner, depth + 1)


def _check_text(text: str) -> None:
    if "\0" in text:
        raise UnreadableBody("a text contains the character NUL")
    text.encode("utf-8")  # half a surrogate pair cannot be written as UTF-8
