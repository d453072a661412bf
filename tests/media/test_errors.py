"""Every error of media is a MediaError, so that one except clause is enough."""

from __future__ import annotations

import inspect

import pytest

from media import errors
from media.errors import HashMismatch, OffsetMismatch, SizeMismatch


@pytest.mark.parametrize("kind", [kind for _, kind in inspect.getmembers(errors, inspect.isclass)])
def test_every_error_is_a_media_error_and_says_what_it_means(kind: type[Exception]) -> None:
    assert issubclass(kind, errors.MediaError)
    assert kind.__doc__


def test_errors_carry_what_a_caller_needs_and_a_sentence() -> None:
    assert OffsetMismatch(given_bytes=3, current_bytes=5).current_bytes == 5
    assert "5 bytes, not 3" in str(OffsetMismatch(given_bytes=3, current_bytes=5))
    assert SizeMismatch(expected_bytes=3, received_bytes=5).received_bytes == 5
    assert HashMismatch(expected_hex="aa", actual_hex="bb").actual_hex == "bb"
