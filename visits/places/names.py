"""Names as offices write them, made comparable. What is stored keeps the office's own spelling."""

import re
import unicodedata

_CHINESE = re.compile(r"[\u3400-\u9fff]")
_DOTS = str.maketrans(dict.fromkeys("•・‧∙⋅．", "·"))

# Lists disagree on how much of a place's title they write: 下党村委会, 下党村民委员会, 下党村.
_VILLAGE_TITLES = (
    "村民委员会",
    "居民委员会",
    "社区居委会",
    "村委会",
    "居委会",
    "行政村",
    "社区",
    "村",
)
_TOWN_TITLES = ("街道办事处", "民族乡", "街道", "镇", "乡")


def tidy_name(text: str) -> str:
    """The name without the spaces that tables put into it: ``张　三`` is ``张三``; other scripts keep one space."""
    text = unicodedata.normalize("NFC", text)
    joined = "".join(text.split()) if _CHINESE.search(text) else " ".join(text.split())
    # Once more, since a mark may stand beside its letter only when the space between them has gone.
    return unicodedata.normalize("NFC", joined)


def name_key(text: str) -> str:
    """What two spellings of one name share: width, spaces, case and the kind of middle dot do not count."""
    plain = tidy_name(unicodedata.normalize("NFKC", text.translate(_DOTS))).translate(_DOTS).casefold()
    return unicodedata.normalize("NFKC", plain)


def village_key(text: str) -> str:
    """The name of a village without its title."""
    return _without_title(name_key(text), _VILLAGE_TITLES)


def town_key(text: str) -> str:
    """The name of a town without its title."""
    return _without_title(name_key(text), _TOWN_TITLES)


def _without_title(name: str, titles: tuple[str, ...]) -> str:
    for title in titles:
        if name.endswith(title) and len(name) > len(title):
            return name.removesuffix(title)
    return name
