"""What can be read from a user's message without a language model."""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

_WORD = re.compile(r"(?<![A-Za-z0-9])[A-Za-z][A-Za-z0-9'_-]*")
_NUMBER = r"[-+]?(?:\d{1,3}(?:,\d{3})+(?!\d)|\d+)(?:\.\d+)?(?:[eE][-+]?\d{1,2})?"
_SCALES = {"": 1.0, "k": 1e3, "m": 1e6, "b": 1e9}
_SCALED_NUMBER = re.compile(rf"(?<![\w.])({_NUMBER})([kKmMbB]?)(?![\w])")
_MONEY = re.compile(rf"[$€£]\s?({_NUMBER})([kKmMbB]?)(?![\w])")
_PERCENTAGE = re.compile(rf"({_NUMBER})\s?(?:%|percent\b)")
_NAMED = re.compile(
    rf"([A-Za-z][A-Za-z0-9_-]{{0,30}}(?: [A-Za-z][A-Za-z0-9_-]{{0,30}})?)"
    rf"\s?(?::|=|costs?|at|is)?\s?[$€£]?({_NUMBER})([kKmMbB]?)(?![\w%])"
)
_DATE = re.compile(r"\b\d{4}-\d{2}-\d{2}\b")
_URL = re.compile(r"https?://[^\s<>\"')]+")
_QUOTED = re.compile(r"\"([^\"\n]{1,200})\"|“([^”\n]{1,200})”")
_SENTENCE_END = re.compile(r"(?<=[.!?])\s+|\n+")
_STOPWORDS_TEXT = (
    "a an and are as at be by can could do does for from give has have how i if in into is it its let me my "
    "need of on or our please should so than that the their them then there these this to us was we were "
    "what when where which who will with would you your"
)
_STOPWORDS = frozenset(_STOPWORDS_TEXT.split())
_FILLERS = _STOPWORDS | {"cost", "costs", "under", "within"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Entities:
    """Things named in a message, each in order of first appearance and without repeats."""

    money: tuple[float, ...] = ()
    percentages: tuple[float, ...] = ()
    dates: tuple[str, ...] = ()
    urls: tuple[str, ...] = ()
    quoted: tuple[str, ...] = ()


def words(text: str) -> list[str]:
    """Every word, in lower case."""
    return [word.lower() for word in _WORD.findall(text)]


def keywords(text: str, limit: int = 8) -> list[str]:
    """The most frequent words that carry meaning; ties in order of appearance."""
    counted = Counter(word for word in words(text) if word not in _STOPWORDS and len(word) > 1)
    return [word for word, _ in counted.most_common(limit)]


def sentences(text: str) -> list[str]:
    """The sentences and lines of *text*, trimmed, none empty."""
    return [part.strip() for part in _SENTENCE_END.split(text) if part.strip()]


def numbers(text: str) -> list[float]:
    """Every number; ``1,200`` is one number, ``1, 200`` and ``1,2`` are two, ``120K`` is 120,000."""
    return [_value(number, scale) for number, scale in _SCALED_NUMBER.findall(text)]


def named_amounts(text: str) -> dict[str, float]:
    """Numbers with the one or two words before them: ``compute 1200, storage: $300``."""
    found: dict[str, float] = {}
    for label, number, scale in _NAMED.findall(text):
        name = " ".join(word for word in label.lower().split() if word not in _FILLERS)
        if name and name not in _STOPWORDS:
            found.setdefault(name, _value(number, scale))
    return found


def measured(text: str) -> list[float]:
    """The numbers of *text* that are no percentages; where all are, the percentages."""
    return numbers(_PERCENTAGE.sub(" ", text)) or percentages(text)


def percentages(text: str) -> list[float]:
    """Every percentage, as the number before the sign."""
    return [_value(number, "") for number in _PERCENTAGE.findall(text)]


def entities(text: str) -> Entities:
    """The money, percentages, dates, addresses and quotations of *text*."""
    return Entities(
        money=tuple(dict.fromkeys(_value(number, scale) for number, scale in _MONEY.findall(text))),
        percentages=tuple(dict.fromkeys(percentages(text))),
        dates=tuple(dict.fromkeys(_DATE.findall(text))),
        urls=tuple(dict.fromkeys(_URL.findall(text))),
        quoted=tuple(dict.fromkeys(straight or curly for straight, curly in _QUOTED.findall(text))),
    )


def shortened(text: str, limit: int) -> str:
    """*text* in at most *limit* characters, an ellipsis where it was cut."""
    return text if len(text) <= limit else text[: limit - 1].rstrip() + "…"


def listed(parts: Sequence[str]) -> str:
    """``a``, ``a and b``, ``a, b and c``."""
    return parts[0] if len(parts) == 1 else " and ".join((", ".join(parts[:-1]), parts[-1])) if parts else ""


def _value(number: str, scale: str) -> float:
    return float(number.replace(",", "")) * _SCALES[scale.lower()]
