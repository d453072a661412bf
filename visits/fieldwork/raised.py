"""A hint as it is raised, before it is kept."""

from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class RaisedHint:
    """One hint; ``about`` is what it speaks of (``visit``, ``record:…``, ``photo:…`` or ``phone:…``)."""

    code: str
    about: str
    strength: str
    values: dict[str, Any] = field(default_factory=dict)
