"""Our scripts stay below the floor: Chromium 86 and Safari 15.4 know everything they use."""

import re
from pathlib import Path

import pytest

FIELD = Path(__file__).parents[2] / "web" / "field"
SCRIPTS = sorted([*(FIELD / "static").rglob("*.js"), *(FIELD / "templates").glob("*.js")])

# What came later than the floor, by what it looks like. What is asked for before it is used (`if (navigator.locks)`)
# is not here; what would stop a whole module from being read, or throw where nobody looks, is.
NEWER = {
    "Array.prototype.at": r"\.at\(",
    "Array.prototype.findLast": r"\.findLast(Index)?\(",
    "copying array methods": r"\.to(Sorted|Reversed|Spliced)\(|\.with\(",
    "Array.fromAsync": r"Array\.fromAsync\(",
    "Object.hasOwn": r"Object\.hasOwn\(",
    "Object.groupBy": r"\b(Object|Map)\.groupBy\(",
    "String.prototype.isWellFormed": r"\.(is|to)WellFormed\(",
    "structuredClone": r"\bstructuredClone\(",
    "crypto.randomUUID": r"\brandomUUID\b",
    "AbortSignal.timeout or any": r"AbortSignal\.(timeout|any)\(",
    "Promise.withResolvers or try": r"Promise\.(withResolvers|try)\(",
    "Error cause": r"\{\s*cause\s*:",
    "Intl.DurationFormat, Segmenter": r"Intl\.(DurationFormat|Segmenter)",
    "Element.checkVisibility, moveBefore": r"\.checkVisibility\(|\.moveBefore\(",
    "dialog as an element": r"\.showModal\(|<dialog",
    "popover": r"\bpopover\b",
    ":has in a selector": r":has\(",
    "view transitions": r"startViewTransition",
    "Set methods": r"\.(union|intersection|difference|symmetricDifference|isSubsetOf|isSupersetOf|isDisjointFrom)\(",
    "scheduler": r"\bscheduler\.(yield|postTask)\(",
    "requestIdleCallback": r"requestIdleCallback",
    "import attributes": r"import[^;\n]*\b(with|assert)\s*\{\s*type",
    "top-level await": r"^(const .*=\s*)?await\b",
    "class static block": r"\bstatic\s*\{",
    "regular expressions with lookbehind": r"\(\?<[=!]",
    "private brand checks": r"#\w+\s+in\s",
}

SAMPLES = [
    "rows.at(-1)",
    "rows.findLast((row) => row)",
    "rows.toSorted()",
    "Object.hasOwn(a, 'b')",
    "structuredClone(a)",
    "crypto.randomUUID()",
    "AbortSignal.timeout(5)",
    "new Error('x', { cause: e })",
    "\nawait start();",
    "\nconst a = await start();",
    "class A { static { a(); } }",
    r"/(?<=a)b/",
    "import a from './a.json' with { type: 'json' };",
    "#field in other",
]


def newer_than_the_floor(source: str) -> list[str]:
    """What of a script is newer than our oldest browsers, by name."""
    code = re.sub(r"/\*.*?\*/|(?<!:)//[^\n]*", "", source, flags=re.DOTALL)
    return [name for name, pattern in NEWER.items() if re.search(pattern, code, re.MULTILINE)]


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: path.relative_to(FIELD).as_posix())
def test_a_script_uses_nothing_newer_than_the_floor(path: Path) -> None:
    assert newer_than_the_floor(path.read_text("utf-8")) == []


@pytest.mark.parametrize("line", SAMPLES)
def test_what_is_newer_is_recognised(line: str) -> None:
    assert newer_than_the_floor(line)
