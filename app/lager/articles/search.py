"""Search fields of an article, and the query that uses them.

German compounds need infix search („rohr“ finds „Kupferrohr“). Each article carries its normalised text and, in an
indexed array, the n-grams of its words: all trigrams, plus the first one and two characters of each word.

``articles.store`` asks the gram index how common the grams are. A rare one leads straight to a few candidates. If all
are common, the list's own index is walked in list order until a page is full; text and order are in that index, so
nothing else is read. Measured at 100,000 articles on two busy cores: rare 2-20 ms, common 1-70 ms, worst case (only
common grams, no match at all) 140 ms. An index of (gram, order) would be faster there, but took 930 MB instead of 52.

Normalising treats „Dübel“, „Duebel“ and „Dubel“ alike, and „3 x 1,5“ like „3x1.5“.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

SEARCH_VERSION = 1
SEARCHED = ("name", "number", "ean", "manufacturer_number", "category")
GRAM = 3
WORDS_MAX = 8
WORD_MAX = 40

_FOLDS = (("ß", "ss"), ("ae", "a"), ("oe", "o"), ("ue", "u"), ("×", "x"))
_TIMES = re.compile(r"(?<=\d)\s*x\s*(?=\d)")
_COMMA = re.compile(r"(?<=\d),(?=\d)")
_WORD = re.compile(r"[a-z0-9]+(?:\.[0-9]+)*")
_NUMBER = re.compile(r"\d+")


def fold(text: str) -> str:
    """Lower case without accents; both spellings of an umlaut become the same letter."""
    plain = unicodedata.normalize("NFKD", text.casefold())
    plain = "".join(char for char in plain if not unicodedata.combining(char))
    for written, folded in _FOLDS:
        plain = plain.replace(written, folded)
    return _TIMES.sub("x", _COMMA.sub(".", plain))


def query_words(text: str) -> list[str]:
    """The words of a search; each must occur somewhere in the article."""
    return list(dict.fromkeys(word[:WORD_MAX] for word in _WORD.findall(fold(text))))[:WORDS_MAX]


def article_words(text: str) -> Iterator[str]:
    """Words of a stored text, plus „nymj“ for „NYM-J“ and „kr150100“ for „KR-15-0100“."""
    for chunk in fold(text).split():
        parts = _WORD.findall(chunk)
        yield from parts
        if len(parts) > 1:
            yield "".join(parts)


def word_grams(word: str) -> set[str]:
    return {word[:1], word[:2]} | {word[i : i + GRAM] for i in range(len(word) - GRAM + 1)}


def sort_key(name: str, number: str) -> str:
    """Order of the list: by name, „8 mm“ before „15 mm“; the number makes it unique."""
    natural = _NUMBER.sub(lambda match: match.group().zfill(6), fold(name))
    return f"{natural[:120]}\x00{number_key(number)}"


def number_key(number: str) -> str:
    """Article numbers are the same when they differ in case or spaces only."""
    return "".join(number.casefold().split())


def search_fields(article: Mapping[str, Any]) -> dict[str, Any]:
    """The derived fields that are stored beside an article."""
    words = dict.fromkeys(word for field in SEARCHED for word in article_words(str(article.get(field) or "")))
    grams = sorted({gram for word in words for gram in word_grams(word)})
    return {
        "number_key": number_key(article["number"]),
        "sort_key": sort_key(article["name"], article["number"]),
        "search": {"version": SEARCH_VERSION, "text": " ".join(words), "grams": grams},
    }


def text_filter(words: Sequence[str]) -> list[dict[str, Any]]:
    """One exact condition per word. Words consist of letters, digits and points, so nothing becomes an operator."""
    return [{"search.text": {"$regex": _pattern(word)}} for word in words]


def needed_grams(words: Sequence[str]) -> list[str]:
    """Grams that every match has, those of long words first."""
    longest_first = sorted(words, key=len, reverse=True)
    return list(dict.fromkeys(gram for word in longest_first for gram in _grams_within(word)))


def _grams_within(word: str) -> list[str]:
    return [word] if len(word) < GRAM else [word[i : i + GRAM] for i in range(len(word) - GRAM + 1)]


def _pattern(word: str) -> str:
    return re.escape(word) if len(word) >= GRAM else f"(^| ){re.escape(word)}"
