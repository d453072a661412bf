"""Field types that take exactly what was agreed.

marshmallow's own are generous: they read "１２３" and "1_000" as numbers, 1.9 as 1, and an instant of the year 1 that
no other zone can express. A field officer's record must mean the same here, in the database and in ten years.
"""

import math
import re
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

import marshmallow as ma
from marshmallow import ValidationError, validate

_INTEGER = re.compile(r"\A-?[0-9]{1,18}\Z")
_NUMBER = re.compile(r"\A-?[0-9]{1,18}(\.[0-9]{1,18})?\Z")
_DAY = re.compile(r"\A[0-9]{4}-[0-9]{2}-[0-9]{2}\Z")
_INSTANT = re.compile(
    r"\A[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]{1,9})?)?(Z|[+-][0-9]{2}:[0-9]{2})\Z"
)
_UUID = re.compile(r"\A[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}\Z")
_UNSTORABLE = re.compile(r"[\x00\ud800-\udfff]")
_FIRST_DAY, _LAST_DAY = date(2000, 1, 1), date(2100, 1, 1)


class Schema(ma.Schema):
    """A shape that refuses fields it does not name."""

    class Meta:
        unknown = ma.RAISE


class Text(ma.fields.String):
    """A text of bounded length without NUL and without half surrogate pairs, which databases refuse."""

    def __init__(self, *, most: int, least: int = 0, pattern: str | None = None, **kwargs: Any) -> None:
        rules: list[Any] = [validate.Length(min=least, max=most)]
        if pattern is not None:
            rules.append(validate.Regexp(re.compile(pattern), error="Not of the agreed form."))
        super().__init__(validate=rules, **kwargs)

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> str:
        if not isinstance(value, str):
            raise self.make_error("invalid")
        if _UNSTORABLE.search(value):
            raise ValidationError("Contains a character that cannot be stored.")
        return value


class VillageCode(Text):
    """The 12-digit code of a village."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(least=12, most=12, pattern=r"\A[0-9]{12}\Z", **kwargs)


class DivisionCode(Text):
    """The code of a division, or its beginning: 2 to 12 digits."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(least=2, most=12, pattern=r"\A[0-9]{2,12}\Z", **kwargs)


class Sha256Hex(Text):
    """A SHA-256 as 64 hexadecimal digits in lower case."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(least=64, most=64, pattern=r"\A[0-9a-f]{64}\Z", **kwargs)


class Whole(ma.fields.Integer):
    """A whole number: a JSON integer, or ASCII digits in a query. Never 1.9, "１２３" or true."""

    def __init__(self, *, least: int, most: int, **kwargs: Any) -> None:
        super().__init__(validate=validate.Range(min=least, max=most), **kwargs)

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> int:
        if isinstance(value, bool) or not isinstance(value, (int, str)):
            raise self.make_error("invalid")
        if isinstance(value, str) and not (self._from_query(data) and _INTEGER.match(value)):
            raise self.make_error("invalid")
        return int(value)

    @staticmethod
    def _from_query(data: Any) -> bool:
        # JSON arrives as a plain dict; a query string as a view of werkzeug's MultiDict, in which all is text.
        return not isinstance(data, dict)


class Number(ma.fields.Float):
    """A finite JSON number inside its bounds; a text only in a query."""

    def __init__(self, *, least: float, most: float, **kwargs: Any) -> None:
        super().__init__(validate=validate.Range(min=least, max=most), **kwargs)

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> float:
        if isinstance(value, bool) or not isinstance(value, (int, float, str)):
            raise self.make_error("invalid")
        if isinstance(value, str) and (isinstance(data, dict) or not _NUMBER.match(value)):
            raise self.make_error("invalid")
        number = float(value)
        if not math.isfinite(number):
            raise self.make_error("invalid")
        return number


class YesNo(ma.fields.Boolean):
    """true or false, not "yes", 1 or "on"."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> bool:
        if isinstance(value, bool):
            return value
        if not isinstance(data, dict) and value in ("true", "false"):
            return bool(value == "true")
        raise self.make_error("invalid", input=value)


class Instant(ma.fields.DateTime):
    """An instant with its offset, between 2000 and 2100; the offset is kept as it was sent."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> datetime:
        if not isinstance(value, str) or not _INSTANT.match(value):
            raise self.make_error("invalid", input=value, obj_type="instant with an offset")
        try:
            instant = datetime.fromisoformat(value)
        except ValueError as reason:
            raise self.make_error("invalid", input=value, obj_type="instant with an offset") from reason
        if not _FIRST_DAY <= instant.date() < _LAST_DAY:
            raise ValidationError("Must lie between 2000 and 2100.")
        return instant

    def _serialize(self, value: datetime | None, attr: str | None, obj: Any, **kwargs: Any) -> Any:
        """What leaves the house is UTC unless it is the phone's own time, which keeps its offset as text."""
        return None if value is None else value.astimezone(UTC).isoformat()


class Day(ma.fields.Date):
    """A calendar day between 2000 and 2100."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> date:
        if not isinstance(value, str) or not _DAY.match(value):
            raise self.make_error("invalid", input=value, obj_type="day")
        try:
            day = date.fromisoformat(value)
        except ValueError as reason:
            raise self.make_error("invalid", input=value, obj_type="day") from reason
        if not _FIRST_DAY <= day < _LAST_DAY:
            raise ValidationError("Must lie between 2000 and 2100.")
        return day


class Id(ma.fields.UUID):
    """A UUID in its usual form with hyphens."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> UUID:
        if not isinstance(value, str) or not _UUID.match(value):
            raise self.make_error("invalid_uuid")
        return UUID(value)


def word(*choices: str, **kwargs: Any) -> ma.fields.String:
    """A field for one of a few words."""
    return ma.fields.String(validate=validate.OneOf(choices), **kwargs)
