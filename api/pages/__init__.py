"""The review desk: server-rendered pages below ``/desk/``, thin callers of the same verbs as the HTTP resources."""

from flask import Blueprint

from api.pages import (
    account,
    accounts,
    after,
    assignments,
    audit,
    coverage_map,
    draws,
    errors,
    held,
    ledger,
    log,
    my_account,
    outside,
    paper,
    phone_exports,
    phones,
    photos,
    plans,
    postings,
    presence,
    replies,
    review,
    second_factor,
    tip_offs,
    visits,
)
from api.pages.blueprint import desk

# Importing a module hangs its views on the blueprint; this tuple says that it is meant.
PAGES = (
    account,
    accounts,
    after,
    assignments,
    audit,
    coverage_map,
    draws,
    errors,
    held,
    ledger,
    log,
    my_account,
    outside,
    paper,
    phone_exports,
    phones,
    photos,
    plans,
    postings,
    presence,
    replies,
    review,
    second_factor,
    tip_offs,
    visits,
)


def pages_blueprint() -> Blueprint:
    """The blueprint with all pages, for the application to register."""
    return desk


__all__ = ["PAGES", "pages_blueprint"]
