"""Every text of the desk stands in both languages, and nowhere but in the word lists."""

import ast
import json
import re
import string
from pathlib import Path

import pytest

from api.pages.postings import OUTCOMES, SLOTS
from api.pages.words import NoSuchWord, words

WEB = Path(__file__).parents[2] / "web"
TEMPLATES = sorted((WEB / "desk" / "templates").glob("*.html"))
SCRIPTS = sorted((WEB / "desk" / "static").rglob("*.js"))
WORDS = {language: json.loads((WEB / "words" / f"{language}.json").read_text("utf-8")) for language in ("zh", "en")}

WHOLE_KEY = re.compile(r"""\bt\(\s*'([a-z0-9_.]+)'\s*[,)]""")
BEGUN_KEY = re.compile(r"""\bt\(\s*'([a-z0-9_.]+\.)'\s*~""")
CODE_KEY = re.compile(r"""\bcode\('([a-z0-9_.]+)',""")
CHOSEN_KEY = re.compile(r"""'([a-z_]+\.[a-z0-9_.]+)'\s+if\b|\belse\s+'([a-z_]+\.[a-z0-9_.]+)'""")
SCRIPT_KEY = re.compile(r"""\bsay\(\s*"([a-z0-9_.]+)"\s*[,)]""")
SCRIPT_BEGUN_KEY = re.compile(r"""\bsay\(\s*(?:[^"(),]+\? )?`([a-z0-9_.]+\.)\$""")
TAGS_AND_CODE = re.compile(r"\{#.*?#\}|\{%.*?%\}|\{\{.*?\}\}|<[^>]*>|&[a-z]+;", re.DOTALL)

# What writes a line of the audit chain, with the act among its first three arguments.
NOTES = {"note", "note_about", "note_refused", "remember"}


def gaps(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name is not None}


def test_both_languages_have_the_same_keys() -> None:
    assert WORDS["zh"].keys() == WORDS["en"].keys()


def test_no_text_is_empty() -> None:
    assert [(language, key) for language, texts in WORDS.items() for key, text in texts.items() if not text] == []


def test_both_languages_fill_the_same_gaps() -> None:
    assert [key for key in WORDS["zh"] if gaps(WORDS["zh"][key]) != gaps(WORDS["en"][key])] == []


def test_chinese_texts_are_chinese_and_english_texts_are_english() -> None:
    chinese = re.compile(r"[\u3400-\u9fff]")
    same = {key for key in WORDS["zh"] if WORDS["zh"][key] == WORDS["en"][key]}  # WGS 84 and the like
    switch = {"frame.other_language"}  # names the other language in that language
    marks = {"common.colon", "common.separator", "photo.pixels"}
    assert [k for k, text in WORDS["zh"].items() if not chinese.search(text) and k not in same | switch | marks] == []
    assert [k for k, text in WORDS["en"].items() if chinese.search(text) and k not in switch] == []


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda path: path.stem)
def test_a_template_uses_known_keys_only(template: Path) -> None:
    text = template.read_text("utf-8")
    unknown = {key for key in WHOLE_KEY.findall(text) if key not in WORDS["zh"]}
    begun = [*BEGUN_KEY.findall(text), *(f"{prefix}." for prefix in CODE_KEY.findall(text))]
    unknown |= {start for start in begun if not any(key.startswith(start) for key in WORDS["zh"])}
    assert unknown == set()


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda path: path.stem)
def test_a_template_has_no_sentence_of_its_own(template: Path) -> None:
    left = TAGS_AND_CODE.sub(" ", template.read_text("utf-8"))
    assert re.findall(r"[A-Za-z\u3400-\u9fff]{2,}", left) == []


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.stem)
def test_a_script_has_no_sentence_of_its_own(script: Path) -> None:
    code = re.sub(r"//[^\n]*|/\*.*?\*/", "", script.read_text("utf-8"), flags=re.DOTALL)
    assert re.findall(r"[\u3400-\u9fff]+", code) == []


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.stem)
def test_a_script_uses_known_keys_only(script: Path) -> None:
    text = script.read_text("utf-8")
    unknown = {key for key in SCRIPT_KEY.findall(text) if key not in WORDS["zh"]}
    begun = SCRIPT_BEGUN_KEY.findall(text)
    assert unknown | {start for start in begun if not any(key.startswith(start) for key in WORDS["zh"])} == set()


def test_every_word_is_used() -> None:
    pages = (Path(__file__).parents[2] / "api" / "pages").glob("*.py")
    everything = "\n".join(path.read_text("utf-8") for path in (*TEMPLATES, *SCRIPTS, *pages))
    starts = set(BEGUN_KEY.findall(everything)) | {f"{prefix}." for prefix in CODE_KEY.findall(everything)} | {"hint."}
    starts |= {"error."} | set(SCRIPT_BEGUN_KEY.findall(everything))
    assert [
        key
        for key in WORDS["zh"]
        if f"'{key}'" not in everything
        and f'"{key}"' not in everything
        and not any(key.startswith(start) for start in starts)
    ] == []


def test_no_word_makes_a_state_of_a_reviewers_word() -> None:
    assert [key for key, text in WORDS["zh"].items() if re.search("走读|挂名|脱岗", text)] == []


@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_vocabulary_of_sightings_is_complete(language: str) -> None:
    texts = WORDS[language]
    assert {f"outcome.{word}" for word in OUTCOMES} <= texts.keys()
    assert {f"slot.{slot}" for slot in SLOTS} | {f"slot.short.{slot}" for slot in SLOTS} <= texts.keys()


# Codes that are put together, and those that the series of fixes bring from ``geo``.
PUT_TOGETHER = {
    "arrival_": ("outside", "cannot_tell"),
    "met_": ("outside", "cannot_tell"),
    "chain_": ("fork", "wrong_previous"),
    "signature_": ("bad", "absent"),
}
OF_SERIES = {"identical_coordinates", "constant_accuracy", "time_disorder", "light_at_night"}


def raised_hints() -> list[tuple[set[str], set[str] | None]]:
    """For each place that raises a hint: the codes it may raise, and the names of its figures, if they stand there."""
    paths = (Path(__file__).parents[2] / "visits" / "fieldwork").glob("*.py")
    return [
        (codes_of(call.args[0], tree), figures_of(call))
        for tree in (ast.parse(path.read_text("utf-8")) for path in paths)
        for call in ast.walk(tree)
        if isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id == "RaisedHint"
    ]


def codes_of(code: ast.expr, tree: ast.Module) -> set[str]:
    """The codes an expression stands for."""
    match code:
        case ast.Constant(value=str(text)):
            return {text}
        case ast.JoinedStr(values=[ast.Constant(value=str(start)), _]):
            return {start + end for end in PUT_TOGETHER[start]}
        case ast.Attribute(attr="code"):
            return OF_SERIES
        case ast.Subscript(value=ast.Name(id=name)) | ast.Name(id=name):
            return {text for text in assigned(name, tree) if re.fullmatch("[a-z_]+", text)}
    raise AssertionError(f"nobody knows which hints this raises: {ast.unparse(code)}")


def assigned(name: str, tree: ast.Module) -> set[str]:
    """Every text that may become the value of a name: the values of a table, or the branches of a choice."""
    values = [
        one.value for one in ast.walk(tree) if isinstance(one, ast.Assign) and ast.unparse(one.targets[0]) == name
    ]
    values = [part for one in values for part in (one.values if isinstance(one, ast.Dict) else [one])]
    branches = [part for one in values for part in ([one.body, one.orelse] if isinstance(one, ast.IfExp) else [one])]
    return {one.value for one in branches if isinstance(one, ast.Constant) and isinstance(one.value, str)}


def figures_of(call: ast.Call) -> set[str] | None:
    if len(call.args) < 4:
        return set()
    given = call.args[3]
    return {str(ast.literal_eval(key)) for key in given.keys if key} if isinstance(given, ast.Dict) else None


def test_every_hint_of_the_domain_has_words_and_honest_causes_and_no_word_is_left_over() -> None:
    codes = set().union(*(codes for codes, _ in raised_hints()), {"unknown"})
    wanted = {f"hint.{code}{part}" for code in codes for part in ("", ".honest")}
    for language, texts in WORDS.items():
        assert {key for key in texts if key.startswith("hint.")} ^ wanted == set(), language
    assert {f"strength.{strength}" for strength in ("sound", "medium", "weak")} <= WORDS["zh"].keys()


def test_a_hint_brings_every_figure_that_its_words_have_a_gap_for() -> None:
    lacking = {
        code
        for codes, figures in raised_hints()
        for code in codes
        if figures is not None and not figures >= gaps(WORDS["zh"][f"hint.{code}"])
    }
    assert lacking == set()


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda path: path.name)
def test_a_text_with_gaps_is_given_something_to_fill_them(template: Path) -> None:
    bare = set(re.findall(r"\bt\('([\w.]+)'\)", template.read_text("utf-8")))
    assert {key for key in bare if "{" in WORDS["zh"].get(key, "")} == set()


def test_an_unknown_key_is_an_error() -> None:
    with pytest.raises(NoSuchWord):
        words("zh").t("there.is.no.such.text")


def test_gaps_are_filled_and_what_is_not_there_is_a_dash() -> None:
    assert words("en").t("hint.poor_accuracy", accuracy_m=None) == "poor accuracy (— m)"
    assert words("en").t("hint.poor_accuracy", accuracy_m=900.0) == "poor accuracy (900 m)"


def test_everything_that_is_noted_in_the_audit_chain_has_its_words() -> None:
    noted = {
        constant.value
        for room in ("visits", "api")
        for module in (WEB.parent / room).rglob("*.py")
        for call in ast.walk(ast.parse(module.read_text("utf-8")))
        if isinstance(call, ast.Call) and getattr(call.func, "id", "").strip("_") in NOTES
        for argument in call.args[:3]
        for constant in ast.walk(argument)
        if isinstance(constant, ast.Constant) and re.fullmatch(r"[a-z_]+(\.[a-z_]+)+", str(constant.value))
    }
    assert len(noted) > 80
    assert [act for act in sorted(noted) if f"act.{act}" not in WORDS["zh"]] == []
