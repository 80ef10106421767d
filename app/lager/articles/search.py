"""Search fields of an article, and the query that uses them.

German compounds need infix search („rohr“ finds „Kupferrohr“), and an infix regex over 100,000 articles takes about
100 ms. So each article carries the n-grams of its words in an indexed array: all trigrams, plus the first one and two
characters of each word. The grams narrow down to candidates, a regex on the normalised text makes it exact.

Normalising treats „Dübel“, „Duebel“ and „Dubel“ alike, and „3 x 1,5“ like „3x1.5“.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping
from typing import Any

SEARCH_VERSION = 1
SEARCHED = ("name", "number", "ean", "manufacturer_number", "category", "supplier")
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


def search_filter(text: str) -> dict[str, Any]:
    """The MongoDB filter for what the user typed; empty for an empty search.

    All values are strings made here from letters and digits, so nothing typed can become an operator.
    """
    words = query_words(text)
    if not words:
        return {}
    grams = [gram for word in sorted(words, key=len, reverse=True) for gram in _needed_grams(word)]
    exact = [{"search.text": {"$regex": _pattern(word)}} for word in words]
    return {"$and": [{"search.grams": {"$all": list(dict.fromkeys(grams))}}, *exact]}


def _needed_grams(word: str) -> list[str]:
    return [word] if len(word) < GRAM else [word[i : i + GRAM] for i in range(len(word) - GRAM + 1)]


def _pattern(word: str) -> str:
    return re.escape(word) if len(word) >= GRAM else f"(^| ){re.escape(word)}"
