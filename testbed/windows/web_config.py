"""What IIS would do with a request by the rules of a web.config: URL Rewrite, request filtering, handlers.

After Microsoft's documentation of URL Rewrite 2.1 and of request filtering: patterns are searched in the path without
its leading slash, case does not matter, conditions are all needed, `{R:n}` and `{C:n}` are what was found. It is an
evaluator of the configuration, no IIS.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from urllib.parse import unquote, urlsplit
from xml.etree import ElementTree
from xml.etree.ElementTree import Element

# applicationHost.config hides these in every site.
HIDDEN = {"web.config", "bin", "app_code", "app_globalresources", "app_localresources", "app_data", "app_browsers"}
STATUS = {"Permanent": 301, "Found": 302, "SeeOther": 303, "Temporary": 307}
IsFile = Callable[[str], bool]


@dataclass(frozen=True)
class Request:
    url: str
    method: str = "GET"
    length: int = 0

    @property
    def path(self) -> str:
        """As IIS normalizes it: unescaped, without dots, the leading slash removed."""
        kept: list[str] = []
        for part in unquote(urlsplit(self.url).path).replace("\\", "/").split("/"):
            if part == "..":
                kept = kept[:-1]
            elif part not in ("", "."):
                kept.append(part)
        ending = "/" if urlsplit(self.url).path.endswith("/") and kept else ""
        return "/".join(kept) + ending

    @property
    def variables(self) -> dict[str, str]:
        parts = urlsplit(self.url)
        query = f"?{parts.query}" if parts.query else ""
        return {
            "HTTPS": "on" if parts.scheme == "https" else "off",
            "HTTP_HOST": parts.netloc,
            "SERVER_PORT": str(parts.port or (443 if parts.scheme == "https" else 80)),
            "REQUEST_METHOD": self.method,
            "REQUEST_URI": (parts.path or "/") + query,
            "UNENCODED_URL": (parts.path or "/") + query,
            "QUERY_STRING": parts.query,
            "DOCUMENT_ROOT": "",
        }


@dataclass(frozen=True)
class Answer:
    """`by`: filtering, redirect, custom, proxy, or the handler's name; `target`: where to, or the path it gets."""

    by: str
    target: str
    status: int = 0


class Site:
    """One folder with a web.config. `is_file` knows what lies in it, by paths with slashes."""

    def __init__(self, text: str, is_file: IsFile) -> None:
        self._root, self._is_file = ElementTree.fromstring(text), is_file  # noqa: S314 - our own template
        self.server = _one(self._root, "system.webServer")

    def answer(self, request: Request) -> Answer:
        filtered = self._filtered(request)
        if filtered:
            return filtered
        path = request.path
        for rule in self.server.iterfind("rewrite/rules/rule"):
            found = self._found(rule, path, request)
            if found is None:
                continue
            action = _one(rule, "action")
            target = _filled(action.get("url", ""), found, request)
            if action.get("type") != "Rewrite":
                return _ended(action, target, request)
            if "://" in target:
                return Answer("proxy", target)
            path = target.lstrip("/")
            if rule.get("stopProcessing") == "true":
                break
        return Answer(self._handler(path, request), path)

    def headers(self) -> dict[str, str]:
        added = self.server.iterfind("httpProtocol/customHeaders/add")
        return {entry.get("name", ""): entry.get("value", "") for entry in added}

    def _filtered(self, request: Request) -> Answer | None:
        limits = self.server.find("security/requestFiltering/requestLimits")
        largest = int(limits.get("maxAllowedContentLength", "30000000")) if limits is not None else 30_000_000
        if request.length > largest:
            return Answer("filtering", "413.1", 413)
        if HIDDEN & set(request.path.lower().split("/")):
            return Answer("filtering", "404.8", 404)
        return None

    def _found(self, rule: Element, path: str, request: Request) -> dict[str, str] | None:
        """Back-references when the rule applies."""
        hit = re.search(_one(rule, "match").get("url", ""), path, re.IGNORECASE)
        if hit is None:
            return None
        known = dict(_references("R", hit))
        for condition in rule.iterfind("conditions/add"):
            given = _filled(condition.get("input", ""), known, request)
            held = self._holds(condition, given)
            if (held is not None) == (condition.get("negate") == "true"):
                return None
            known |= held or {}
        return known

    def _holds(self, condition: Element, given: str) -> dict[str, str] | None:
        if condition.get("matchType") == "IsFile":
            return {} if self._is_file(given.lstrip("/")) else None
        hit = re.search(condition.get("pattern", ""), given, re.IGNORECASE)
        return None if hit is None else dict(_references("C", hit))

    def _handler(self, path: str, request: Request) -> str:
        """The first handler of the nearest location for this method."""
        places = [place for place in self._root.iterfind("location") if f"{path}/".startswith(f"{place.get('path')}/")]
        nearest = sorted(places, key=lambda place: len(place.get("path", "")), reverse=True)
        for place in [*(one.find("system.webServer") for one in nearest), self.server]:
            handlers = [] if place is None else list(place.iterfind("handlers/add"))
            for handler in handlers:
                if _takes(handler, path, request):
                    return handler.get("name", "")
            if handlers:
                return "none"
        return "none"


def _takes(handler: Element, path: str, request: Request) -> bool:
    fits = handler.get("path") in ("*", path)
    return fits and (handler.get("verb") == "*" or request.method in handler.get("verb", "").split(","))


def _ended(action: Element, target: str, request: Request) -> Answer:
    if action.get("type") == "Redirect":
        query = urlsplit(request.url).query
        if query and action.get("appendQueryString", "true") == "true":
            target += f"?{query}"
        return Answer("redirect", target, STATUS[action.get("redirectType", "Permanent")])
    return Answer("custom", action.get("statusReason", ""), int(action.get("statusCode", "0")))


def _filled(text: str, known: dict[str, str], request: Request) -> str:
    return re.sub(r"\{([^}]+)\}", lambda name: (request.variables | known)[name[1]], text)


def _references(letter: str, hit: re.Match[str]) -> Iterator[tuple[str, str]]:
    for number, text in enumerate([hit[0], *hit.groups()]):
        yield f"{letter}:{number}", text or ""


def _one(parent: Element, name: str) -> Element:
    found = parent.find(name)
    if found is None:
        raise ValueError(f"web.config ohne {name}")
    return found
