"""What the running application holds, and how a view gets at it."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import cast

from flask import Response, current_app

from api.http.counter import RequestCounter
from api.settings import Settings
from media.store import EvidenceStore
from visits.places import TileFolder
from visits.store import JobRunner, Store

EXTENSION = "shidi"


@dataclass(frozen=True)
class House:
    """The values one application lives on; a test builds its own with another clock."""

    settings: Settings
    store: Store
    evidence: EvidenceStore
    tiles: TileFolder
    jobs: JobRunner
    requests: RequestCounter
    clock: Callable[[], datetime]


def house() -> House:
    """The house of the application that serves this request."""
    return cast(House, current_app.extensions[EXTENSION])


def now_utc() -> datetime:
    """The server's time, as the application's clock has it."""
    return house().clock()


def count_answer(response: Response) -> Response:
    """Remember one answer and hand it on."""
    house().requests.count(response)
    return response
