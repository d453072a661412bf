"""Every text of the phone page stands in both languages, is used, and stands nowhere but in the word lists."""

import json
import re
import string
from pathlib import Path

STATIC = Path(__file__).parents[3] / "web" / "field" / "static"
SCRIPTS = [STATIC / "app.js", *sorted((STATIC / "screens").glob("*.js"))]
WORDS = {language: json.loads((STATIC / "words" / f"{language}.json").read_text("utf-8")) for language in ("zh", "en")}

COMMENT = re.compile(r"/\*[\s\S]*?\*/|^\s*//.*$", re.MULTILINE)
LITERAL = re.compile(r'["\']([a-z_]+(?:\.[A-Za-z0-9_-]+)+)["\']')
BEGUN = re.compile(r"`([a-z_]+(?:\.[a-z_]+)*\.)\$\{")
# What looks like a key and is none: the name under which the chosen language is kept.
NO_KEYS = {"shidi.language"}


def _sources() -> dict[str, str]:
    return {path.name: COMMENT.sub("", path.read_text("utf-8")) for path in SCRIPTS}


def _used() -> set[str]:
    return {key for source in _sources().values() for key in LITERAL.findall(source)} - NO_KEYS


def _begun() -> set[str]:
    return {start for source in _sources().values() for start in BEGUN.findall(source)}


def test_both_languages_have_the_same_keys() -> None:
    assert WORDS["zh"].keys() == WORDS["en"].keys()


def test_no_text_is_empty() -> None:
    assert [(language, key) for language, texts in WORDS.items() for key, text in texts.items() if not text] == []


def test_both_languages_fill_the_same_gaps() -> None:
    def gaps(text: str) -> set[str | None]:
        return {name for _, name, _, _ in string.Formatter().parse(text) if name is not None}

    assert [key for key in WORDS["zh"] if gaps(WORDS["zh"][key]) != gaps(WORDS["en"][key])] == []


def test_every_text_that_is_asked_for_exists() -> None:
    assert _used() - WORDS["zh"].keys() == set()
    assert [start for start in _begun() if not any(key.startswith(start) for key in WORDS["zh"])] == []


def test_no_text_is_left_over() -> None:
    assert [key for key in WORDS["zh"] if key not in _used() and not key.startswith(tuple(_begun()))] == []


def test_no_script_holds_chinese_text() -> None:
    assert [name for name, source in _sources().items() if re.search(r"[\u4e00-\u9fff]", source)] == []


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
