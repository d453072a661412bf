"""The desk's texts: one key, two languages, read once from ``web/words``."""

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path

WEB = Path(__file__).resolve().parents[2] / "web"
LANGUAGES = ("zh", "en")


class NoSuchWord(KeyError):
    """A page asks for a text that ``web/words`` does not have."""


@dataclass(frozen=True)
class Words:
    """All texts of one language. ``tag`` is what the ``lang`` attribute of the page says."""

    language: str
    tag: str
    texts: dict[str, str]

    def t(self, key: str, /, **values: object) -> str:
        """The text under a key, its gaps filled; a value that is not there shows as a dash."""
        if key not in self.texts:
            raise NoSuchWord(f"web/words/{self.language}.json has no {key!r}")
        shown = {name: _shown(value) for name, value in values.items()}
        return self.texts[key].format_map(_Gaps(shown))

    def known(self, key: str) -> bool:
        """Whether there is such a text: codes that came from outside may be new to the desk."""
        return key in self.texts

    def of_codes(self, prefix: str) -> list[tuple[str, str]]:
        """Every code that has a text under this prefix, with it, in the order of the texts."""
        begins = f"{prefix}."
        found = [(key.removeprefix(begins), text) for key, text in self.texts.items() if key.startswith(begins)]
        return sorted(found, key=lambda pair: pair[1])


class _Gaps(dict[str, object]):
    """What fills the gaps of a sentence; what nobody gave is a dash too, since no page may fail for a word."""

    def __missing__(self, name: str) -> str:
        return "—"


def _shown(value: object) -> object:
    """A value as a sentence holds it: nothing is a dash, and 900.0 metres are 900."""
    if value is None:
        return "—"
    return f"{value:g}" if isinstance(value, float) else value


@cache
def words(language: str) -> Words:
    """The words of ``zh`` or ``en``."""
    texts = json.loads((WEB / "words" / f"{language}.json").read_text(encoding="utf-8"))
    return Words(language, "zh-CN" if language == "zh" else "en", texts)
