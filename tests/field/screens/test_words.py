"""Every text of the phone page stands in both languages, is used, and stands nowhere but in the word lists."""

import re
import string
from pathlib import Path

import pytest

from api.pages import field
from tests.field.screens.rig import STATIC, WORDS, words_in

SCRIPTS = [STATIC / "app.js", STATIC / "work.js", *sorted((STATIC / "screens").glob("*.js"))]

COMMENT = re.compile(r"/\*[\s\S]*?\*/|^\s*//.*$", re.MULTILINE)
LITERAL = re.compile(r'["\']([a-z_]+(?:\.[A-Za-z0-9_-]+)+)["\']')
BEGUN = re.compile(r"`([a-z_]+(?:\.[a-z_]+)*\.)\$\{")
# What looks like a key and is none: the name under which the chosen language is kept.
NO_KEYS = {"shidi.language"}


def _sources(scripts: list[Path]) -> dict[str, str]:
    return {path.name: COMMENT.sub("", path.read_text("utf-8")) for path in scripts}


def _used(scripts: list[Path]) -> set[str]:
    return {key for source in _sources(scripts).values() for key in LITERAL.findall(source)} - NO_KEYS


def _begun(scripts: list[Path]) -> tuple[str, ...]:
    return tuple({start for source in _sources(scripts).values() for start in BEGUN.findall(source)})


def test_both_languages_have_the_same_keys() -> None:
    assert WORDS["zh"].keys() == WORDS["en"].keys()


def test_no_text_is_empty() -> None:
    assert [(language, key) for language, texts in WORDS.items() for key, text in texts.items() if not text] == []


def test_both_languages_fill_the_same_gaps() -> None:
    def gaps(text: str) -> set[str | None]:
        return {name for _, name, _, _ in string.Formatter().parse(text) if name is not None}

    assert [key for key in WORDS["zh"] if gaps(WORDS["zh"][key]) != gaps(WORDS["en"][key])] == []


def test_every_text_that_is_asked_for_exists() -> None:
    assert _used(SCRIPTS) - WORDS["zh"].keys() == set()
    assert [start for start in _begun(SCRIPTS) if not any(key.startswith(start) for key in WORDS["zh"])] == []


def test_no_text_is_left_over() -> None:
    used, begun = _used(SCRIPTS), _begun(SCRIPTS)
    assert [key for key in WORDS["zh"] if key not in used and not key.startswith(begun)] == []


@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_start_loads_exactly_the_texts_it_can_show(language: str) -> None:
    scripts = [path for path in SCRIPTS if f"/field/static/{path.relative_to(STATIC).as_posix()}" in start_modules()]
    used, begun = _used(scripts), _begun(scripts)
    needed = {key for key in WORDS[language] if key in used or key.startswith(begun)}
    assert words_in(language, "").keys() == needed
    assert words_in(language, ".work").keys() == WORDS[language].keys() - needed


def start_modules() -> set[str]:
    """What the page loads before anybody signs in."""
    return set(field.start_modules())


def test_no_script_holds_chinese_text() -> None:
    assert [name for name, source in _sources(SCRIPTS).items() if re.search(r"[\u4e00-\u9fff]", source)] == []


def test_english_is_english() -> None:
    mixed = {key for key, text in WORDS["en"].items() if re.search(r"[\u4e00-\u9fff]", text)}
    assert mixed == {"frame.other_language"}


def test_the_words_of_the_house_are_used() -> None:
    """The terms that people of this work use, as the project's list of words has them."""
    terms = """见到本人 未见到本人 群众反映在村 无法判断 未核查 定位精度 未取得定位 仍用此位置
    已封存 启封任务 到村 拍照取证 存本机 草稿 待上传 上传中 已送达 回执号 立即重传 上次连通
    内容不一致 补充更正 未发现问题 立行立改 导出未上传记录 退回补充"""
    said = "\n".join(WORDS["zh"].values())
    assert [term for term in terms.split() if term not in said] == []
    assert not re.search("走读|挂名|无故脱岗", said)
