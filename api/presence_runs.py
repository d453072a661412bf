"""Runs of the presence model from end to end: read, fit while everybody else reads and writes, keep."""

import logging
from collections.abc import Callable
from datetime import datetime

from visits.review import RunView, RunWanted, begin_next_review, fit_run, keep_run, read_run_input, run_there, runs_due
from visits.store import Store, StoreBusy

logger = logging.getLogger(__name__)

MOST_FITS = 4


def make_run(store: Store, wanted: RunWanted, clock: Callable[[], datetime]) -> RunView:
    """The run that is wanted: the one that is there, or a new one of the records as they stand.

    What comes in while it fits is known later than the run, so it changes nothing; only what changed the past (a
    transaction that began before and ended after, a visit that turned out to be escorted) asks for another fit.

    Raises
    ------
    StoreBusy
        The past did not hold still over several fits.
    """
    for _ in range(MOST_FITS):
        with store.reading() as uow:
            given = read_run_input(uow, wanted)
            there = run_there(uow, given)
        if there is not None:
            return there
        fitted = fit_run(given)
        with store.writing() as uow:
            kept = keep_run(uow, given, fitted, at_utc=clock())
        if kept is not None:
            return kept
        logger.info("what the run of %s was fitted to has changed: once more", wanted.county_code)
    raise StoreBusy("the records changed during every fit; nothing was written, please try again")


def review_presence(store: Store, clock: Callable[[], datetime]) -> None:
    """Make the run of the newest day of the calendar for every county that has none, and see to the next. A job.

    Each county is kept by itself, so that after a stop only what is missing is done.
    """
    at_utc = clock()
    with store.reading() as uow:
        due = runs_due(uow, at_utc=at_utc)
    for wanted in due:
        make_run(store, wanted, clock)
    with store.writing() as uow:
        begin_next_review(uow, at_utc=at_utc)
