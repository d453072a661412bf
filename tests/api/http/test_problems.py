"""The table of problems: complete, unambiguous, and described for people."""

import importlib
import pkgutil
import re
from pathlib import Path

import pytest
from flask import Flask

import media
import visits
from api.http import problems
from api.http.errors import EdgeError, UploadTooLarge
from api.http.problems import FAULTS_OF_THE_HOUSE, PROBLEMS, Problem, answer_known_error, problem_of
from media.errors import HashMismatch, MediaError, OffsetMismatch, SizeMismatch
from visits.access import TooManyTries
from visits.errors import VisitsError
from visits.places import ImportRefused

DOCS = Path(__file__).parents[3] / "docs" / "problems.md"


def all_problems() -> list[Problem]:
    named = [value for value in vars(problems).values() if isinstance(value, Problem)]
    return list({id(problem): problem for problem in [*PROBLEMS.values(), *named]}.values())


def all_errors(base: type[Exception]) -> set[type[Exception]]:
    found = set(base.__subclasses__())
    return found | {deeper for error in found for deeper in all_errors(error)}


def load_every_error_module() -> None:
    for package in (visits, media):
        for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            if module.name.endswith(".errors"):
                importlib.import_module(module.name)


def test_every_error_that_can_reach_the_edge_is_in_the_table() -> None:
    load_every_error_module()
    for error in all_errors(VisitsError) | all_errors(MediaError) | all_errors(EdgeError):
        if error.__subclasses__():
            continue  # a base of its room: what is raised are its leaves
        told = any(kind in PROBLEMS for kind in error.__mro__)
        assert told or error in FAULTS_OF_THE_HOUSE, f"{error.__module__}.{error.__name__} has no problem"


def test_slugs_are_unique() -> None:
    slugs = [problem.slug for problem in all_problems()]
    assert sorted(slugs) == sorted(set(slugs))


SPECIAL: dict[type[Exception], Exception] = {
    TooManyTries: TooManyTries(90),
    UploadTooLarge: UploadTooLarge("too large", max_bytes=5),
    OffsetMismatch: OffsetMismatch(given_bytes=1, current_bytes=2),
    SizeMismatch: SizeMismatch(expected_bytes=3, received_bytes=4),
    HashMismatch: HashMismatch(expected_hex="aa", actual_hex="bb"),
    ImportRefused: ImportRefused([]),
}


@pytest.mark.parametrize("error", PROBLEMS, ids=lambda error: error.__name__)
def test_each_error_is_told_as_its_problem_with_all_that_belongs_to_it(error: type[Exception]) -> None:
    app = Flask("problems")
    for base in (EdgeError, VisitsError, MediaError):
        app.register_error_handler(base, answer_known_error)

    @app.get("/")
    def fail() -> str:
        raise SPECIAL.get(error) or error("a sentence to act on")

    answer = app.test_client().get("/")
    problem = PROBLEMS[error]
    said = answer.get_json()
    assert answer.status_code == said["status"] == problem.status
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert said["type"] == f"/problems/{problem.slug}"
    assert said["title"] == problem.title_zh
    assert said["detail"]
    assert set(problem.members) <= set(said)
    if problem.status in (429, 503, 507):
        assert int(answer.headers["Retry-After"]) > 0
    if problem.status == 401:
        assert answer.headers["WWW-Authenticate"]


def test_an_error_nobody_foresaw_has_no_problem() -> None:
    assert problem_of(KeyError("x")) is None


@pytest.mark.parametrize("problem", all_problems(), ids=lambda problem: problem.slug)
def test_each_problem_has_its_paragraph_in_both_languages(problem: Problem) -> None:
    text = DOCS.read_text(encoding="utf-8")
    found = re.search(rf"^### `{problem.slug}` · {problem.status}$\n\n(.+?)(?=^###? |\Z)", text, re.M | re.S)
    assert found, f"docs/problems.md lacks {problem.slug} ({problem.status})"
    assert re.search(r"[\u4e00-\u9fff]", found.group(1))
    assert re.search(r"[A-Za-z]{3}", found.group(1))


def test_the_docs_describe_no_problem_that_is_gone() -> None:
    described = set(re.findall(r"^### `([a-z0-9-]+)`", DOCS.read_text(encoding="utf-8"), re.M))
    assert described == {problem.slug for problem in all_problems()}
