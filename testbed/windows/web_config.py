"""What IIS would do with a request by the rules of a web.config: URL Rewrite, request filtering, handlers, headers.

After Microsoft's documentation of URL Rewrite 2.1 and of request filtering: patterns are searched in the path without
its leading slash, case does not matter unless a rule says so, conditions are all needed, `{R:n}` and `{C:n}` are what
was found. It is an evaluator of the configuration, no IIS.
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
# What applicationHost.config lets a site say, the modules that the roles install included; all else is error 500.19.
SECTIONS = {
    "caching",
    "handlers",
    "httpErrors",
    "httpPlatform",
    "httpProtocol",
    "iisnode",
    "rewrite",
    "security",
    "staticContent",
    "urlCompression",
}
# Of what IIS 10 knows by itself; what it does not know it does not send.
TYPES = {
    ".html": "text/html",
    ".ico": "image/x-icon",
    ".jpg": "image/jpeg",
    ".png": "image/png",
    ".woff2": "font/woff2",
}
STATUS = {"Permanent": 301, "Found": 302, "SeeOther": 303, "Temporary": 307}
IsFile = Callable[[str], bool]


@dataclass(frozen=True)
class Request:
    url: str
    method: str = "GET"
    length: int = 0
    accepts: str = ""

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
            "HTTP_ACCEPT_ENCODING": self.accepts,
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
        maps = self.server.iterfind("rewrite/rewriteMaps/rewriteMap")
        self._maps = {f"{each.get('name')}:{add.get('key')}": add.get("value", "") for each in maps for add in each}
        places = [self.server, *self._root.iterfind("location/system.webServer")]
        locked = {section.tag for place in places for section in place} - SECTIONS
        if locked:
            raise ValueError(f"500.19: {', '.join(sorted(locked))} darf nicht in web.config stehen")

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
            target = _filled(action.get("url", ""), found)
            if action.get("type") != "Rewrite":
                return _ended(action, target, request)
            if "://" in target:
                return Answer("proxy", target)
            path = target.lstrip("/")
            if rule.get("stopProcessing") == "true":
                break
        handler = self._handler(path, request)
        return Answer(handler, "404.3", 404) if handler == "static" and not self._type(path) else Answer(handler, path)

    def headers(self, path: str = "") -> dict[str, str]:
        """What every answer for this path gets, the path as it is after rewriting."""
        added = [add for place in self._places(path) for add in place.iterfind("httpProtocol/customHeaders/add")]
        return {add.get("name", ""): add.get("value", "") for add in reversed(added)}

    def sent(self, request: Request) -> dict[str, str]:
        """The headers of a file that IIS sends; outbound rules have the last word."""
        path = self.answer(request).target
        headers = self.headers(path) | {"Content-Type": self._type(path)}
        cached = next(self._settings(path, "staticContent/clientCache"), None)
        if cached is not None:
            headers["Cache-Control"] = cached.get("cacheControlCustom", "")
        known = request.variables | self._maps | {"REQUEST_FILENAME": "C:\\site\\" + path.replace("/", "\\")}
        for rule in self.server.iterfind("rewrite/outboundRules/rule"):
            before = f"rewrite/outboundRules/preConditions/preCondition[@name='{rule.get('preCondition')}']"
            if self._held(_one(self.server, before), known) is None:
                continue
            found = self._held(_one(rule, "conditions"), known)
            if found is not None:
                name = _one(rule, "match").get("serverVariable", "").removeprefix("RESPONSE_")
                headers[name.replace("_", "-").title()] = _filled(_one(rule, "action").get("value", ""), found)
        return headers

    def compresses(self, path: str) -> bool:
        """Whether IIS itself would compress the file."""
        return next(self._settings(path, "urlCompression")).get("doStaticCompression") == "true"

    def _type(self, path: str) -> str:
        """As the nearest place says it; empty where nobody knows."""
        ending = f".{path.rpartition('.')[2]}"
        own = (
            entry.get("mimeType", "")
            for entry in self._settings(path, f"staticContent/mimeMap[@fileExtension='{ending}']")
        )
        return next(own, TYPES.get(ending, ""))

    def _filtered(self, request: Request) -> Answer | None:
        limits = self.server.find("security/requestFiltering/requestLimits")
        largest = int(limits.get("maxAllowedContentLength", "30000000")) if limits is not None else 30_000_000
        if request.length > largest:
            return Answer("filtering", "413.1", 413)
        if HIDDEN & set(request.path.lower().split("/")):
            return Answer("filtering", "404.8", 404)
        return None

    def _found(self, rule: Element, path: str, request: Request) -> dict[str, str] | None:
        """The variables, with back-references, when the rule applies."""
        match = _one(rule, "match")
        hit = re.search(match.get("url", ""), path, re.NOFLAG if match.get("ignoreCase") == "false" else re.IGNORECASE)
        if hit is None:
            return None
        return self._held(rule.find("conditions"), request.variables | dict(_references("R", hit)))

    def _held(self, conditions: Element | None, known: dict[str, str]) -> dict[str, str] | None:
        """What is known afterwards, when all of them hold."""
        for condition in conditions if conditions is not None else ():
            held = self._holds(condition, _filled(condition.get("input", ""), known))
            if (held is not None) == (condition.get("negate") == "true"):
                return None
            known = known | (held or {})
        return known

    def _holds(self, condition: Element, given: str) -> dict[str, str] | None:
        if condition.get("matchType") == "IsFile":
            return {} if self._is_file(given.lstrip("/")) else None
        hit = re.search(condition.get("pattern", ""), given, re.IGNORECASE)
        return None if hit is None else dict(_references("C", hit))

    def _handler(self, path: str, request: Request) -> str:
        """The first handler of the nearest location for this method."""
        for place in self._places(path):
            handlers = list(place.iterfind("handlers/add"))
            for handler in handlers:
                if _takes(handler, path, request):
                    return handler.get("name", "")
            if handlers:
                return "none"
        return "none"

    def _settings(self, path: str, name: str) -> Iterator[Element]:
        return (entry for place in self._places(path) for entry in place.iterfind(name))

    def _places(self, path: str) -> list[Element]:
        """What holds for this path, the nearest first."""
        around = [place for place in self._root.iterfind("location") if f"{path}/".startswith(f"{place.get('path')}/")]
        nearest = sorted(around, key=lambda place: len(place.get("path", "")), reverse=True)
        return [*(_one(place, "system.webServer") for place in nearest), self.server]


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


def _filled(text: str, known: dict[str, str]) -> str:
    """Variables and rewrite maps, the innermost first."""
    while hit := re.search(r"\{([^{}]+)\}", text):
        text = text[: hit.start()] + known[hit[1]] + text[hit.end() :]
    return text


def _references(letter: str, hit: re.Match[str]) -> Iterator[tuple[str, str]]:
    for number, text in enumerate([hit[0], *hit.groups()]):
        yield f"{letter}:{number}", text or ""


def _one(parent: Element, name: str) -> Element:
    found = parent.find(name)
    if found is None:
        raise ValueError(f"web.config ohne {name}")
    return found
