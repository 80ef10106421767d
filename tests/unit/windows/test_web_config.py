"""Which request ends where, by the rules of the rendered web.config."""

from __future__ import annotations

from xml.etree import ElementTree

import jinja2
import pytest

from testbed.windows.web_config import Answer, Request, Site
from tests.unit.windows.rendered import FLAG, KNOWN, TEMPLATES, TEN_MB, rendered

HOST = "https://etiketten.example"
FILES = {
    "build/client/favicon.svg",
    "build/client/favicon.svg.br",
    "build/client/_app/immutable/entry/start.Ab12.js",
    "build/client/_app/immutable/entry/start.Ab12.js.br",
    "build/client/_app/immutable/entry/start.Ab12.js.gz",
    "build/client/_app/immutable/assets/0.Cd34.css",
    "build/client/_app/immutable/assets/0.Cd34.css.gz",
    "build/client/_app/immutable/assets/logo.Ef56.png",
    "build/client/_app/immutable/assets/preise.Gh78.json.gz",
    "build/client/_app/immutable/assets/modell.Jk90.unbekannt",
    "build/client/_app/version.json",
    "build/client/api/openapi.json",
    "build/index.js",
    "package.json",
    "prisma/schema.prisma",
    "node_modules/pg/package.json",
}
STATIC = "build/client/"
# What the first installation was tuned to.
TUNED = {
    "nodeProcessCountPerApplication": "1",
    "maxConcurrentRequestsPerProcess": "1024",
    "maxNamedPipeConnectionRetry": "3",
    "namedPipeConnectionRetryDelay": "2000",
    "maxNamedPipeConnectionPoolSize": "512",
    "maxNamedPipePooledConnectionAge": "30000",
    "asyncCompletionThreadCount": "0",
    "initialRequestBufferSize": "4096",
    "maxRequestBufferSize": "65536",
    "uncFileChangesPollingInterval": "5000",
    "gracefulShutdownTimeout": "60000",
    "loggingEnabled": "true",
}
START = "_app/immutable/entry/start.Ab12.js"
STYLE = "_app/immutable/assets/0.Cd34.css"
BROWSER = "gzip, deflate, br, zstd"


@pytest.fixture(scope="module", params=["platform", "iisnode", "arr"])
def site(request: pytest.FixtureRequest) -> Site:
    return Site(rendered("web.config.j2", win_node_app__mode=request.param), FILES.__contains__)


def in_mode(site: Site, request: Request, answer: Answer) -> Answer:
    """What Node answers, is handed on differently; all else is the same in every mode."""
    if answer.by != "node":
        return answer
    if site.server.find("iisnode") is not None:
        return Answer("node", "iisnode.cjs")
    if site.server.find("httpPlatform") is None:
        return Answer("proxy", "http://127.0.0.1:8090" + request.variables["UNENCODED_URL"])
    return answer


def moved(target: str) -> Answer:
    return Answer("redirect", HOST + target, 301)


@pytest.mark.parametrize(
    ("request_", "answer"),
    [
        # plain HTTP leads to HTTPS, with path and query as they were
        (Request("http://etiketten.example/"), moved("/")),
        (Request("http://etiketten.example/etiketten"), moved("/etiketten")),
        (Request("http://etiketten.example/etiketten?seite=2"), moved("/etiketten?seite=2")),
        (Request("http://etiketten.example/a%20b?x=%26"), moved("/a%20b?x=%26")),
        (Request("http://etiketten.example/favicon.svg"), moved("/favicon.svg")),
        (Request("http://etiketten.example/api/health"), moved("/api/health")),
        (Request("http://etiketten.example/anmelden", "POST"), moved("/anmelden")),
        # the probe asks over HTTP, on its own port
        (Request("http://127.0.0.1:8099/api/health"), Answer("node", "api/health")),
        (Request("http://127.0.0.1:8099/"), Answer("node", "")),
        # pages and the interface are Node's
        (Request(f"{HOST}/"), Answer("node", "")),
        (Request(f"{HOST}/etiketten"), Answer("node", "etiketten")),
        (Request(f"{HOST}/etiketten/?seite=2"), Answer("node", "etiketten/")),
        (Request(f"{HOST}/etiketten?/anlegen", "POST", 4096), Answer("node", "etiketten")),
        (Request(f"{HOST}/api/health"), Answer("node", "api/health")),
        (Request(f"{HOST}/API/Health"), Answer("node", "API/Health")),
        (Request(f"{HOST}/etiketten/Größe 8"), Answer("node", "etiketten/Größe 8")),
        # what the browser loads IIS serves itself
        (Request(f"{HOST}/favicon.svg"), Answer("static", STATIC + "favicon.svg")),
        (Request(f"{HOST}/favicon.svg?v=2"), Answer("static", STATIC + "favicon.svg")),
        (Request(f"{HOST}/{START}"), Answer("static", STATIC + START)),
        (Request(f"{HOST}/{START}", "HEAD"), Answer("static", STATIC + START)),
        (Request(f"{HOST}/_app/version.json"), Answer("static", STATIC + "_app/version.json")),
        (Request(f"{HOST}/{START}", "POST"), Answer("node", START)),
        (Request(f"{HOST}/{START}", "POST", accepts=BROWSER), Answer("node", START)),
        (
            Request(f"{HOST}/_app/immutable/entry/gibt-es-nicht.js"),
            Answer("node", "_app/immutable/entry/gibt-es-nicht.js"),
        ),
        (Request(f"{HOST}/api/openapi.json"), Answer("node", "api/openapi.json")),
        (Request(f"{HOST}/_app/immutable/assets/modell.Jk90.unbekannt"), Answer("static", "404.3", 404)),
        # under one address each, whatever the mode
        (Request(f"{HOST}/build/client/favicon.svg"), Answer("custom", "Not found", 404)),
        (Request(f"{HOST}/build/client/{START}.br"), Answer("custom", "Not found", 404)),
        (Request(f"{HOST}/build/client/gibt-es-nicht"), Answer("custom", "Not found", 404)),
        # nothing of the release besides is handed out
        (Request(f"{HOST}/package.json"), Answer("node", "package.json")),
        (Request(f"{HOST}/build/index.js"), Answer("node", "build/index.js")),
        (Request(f"{HOST}/prisma/schema.prisma"), Answer("node", "prisma/schema.prisma")),
        (Request(f"{HOST}/node_modules/pg/package.json"), Answer("node", "node_modules/pg/package.json")),
        (Request(f"{HOST}/_app/../../package.json"), Answer("node", "package.json")),
        (Request(f"{HOST}/..%2f..%2fshared%2f.env.production"), Answer("node", "shared/.env.production")),
        (Request(f"{HOST}/web.config"), Answer("filtering", "404.8", 404)),
        (Request(f"{HOST}/build/client/web.config"), Answer("filtering", "404.8", 404)),
        # ten megabytes and no more
        (Request(f"{HOST}/etiketten?/anlegen", "POST", TEN_MB), Answer("node", "etiketten")),
        (Request(f"{HOST}/etiketten?/anlegen", "POST", TEN_MB + 1), Answer("filtering", "413.1", 413)),
    ],
    ids=lambda given: f"{given.method} {given.url}" if isinstance(given, Request) else given.by,
)
def test_where_a_request_ends(site: Site, request_: Request, answer: Answer) -> None:
    assert site.answer(request_) == in_mode(site, request_, answer)


PLAIN, BR, GZ = ("", ""), (".br", "br"), (".gz", "gzip")


@pytest.mark.parametrize(
    ("path", "accepts", "expected"),
    [
        (START, BROWSER, BR),
        (START, "br", BR),
        (START, "BR;q=1.0, *;q=0.1", BR),
        (START, "gzip, br ; q=0.05", BR),
        (START, "gzip", GZ),
        (START, "deflate,gzip;q=0.8", GZ),
        (START, "br;q=0, gzip", GZ),
        (START, "br;q=0.000,gzip;q=0.0", PLAIN),
        (START, "", PLAIN),
        (START, "identity", PLAIN),
        (START, "*", PLAIN),
        (START, "brotli, gzippt, x-br", PLAIN),
        (f"{START}?v=1", BROWSER, BR),
        (STYLE, BROWSER, GZ),  # there is no other
        (STYLE, "br", PLAIN),
        ("_app/immutable/assets/logo.Ef56.png", BROWSER, PLAIN),
        # asked for by its own name, a compressed file is a file like any other
        (f"{START}.br", BROWSER, PLAIN),
        (f"{START}.gz?v=.gz", "", PLAIN),
        ("_app/immutable/assets/preise.Gh78.json.gz", BROWSER, PLAIN),
        # what may change under its name is compressed by IIS itself
        ("favicon.svg", BROWSER, PLAIN),
        ("_app/version.json", BROWSER, PLAIN),
    ],
)
@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_compressed_files_go_only_to_who_takes_them(
    site: Site, method: str, path: str, accepts: str, expected: tuple[str, str]
) -> None:
    request = Request(f"{HOST}/{path}", method, accepts=accepts)
    ending, coding = expected
    assert site.answer(request) == Answer("static", STATIC + path.partition("?")[0] + ending)
    assert site.sent(request).get("Content-Encoding", "") == coding


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        (START, "text/javascript"),
        (STYLE, "text/css"),
        (f"{START}.br", "application/octet-stream"),
        ("_app/immutable/assets/preise.Gh78.json.gz", "application/gzip"),
        ("_app/immutable/assets/logo.Ef56.png", "image/png"),
    ],
)
@pytest.mark.parametrize("accepts", ["", "gzip", BROWSER])
def test_an_immutable_file_has_one_type_is_kept_and_told_apart_by_coding(
    site: Site, path: str, kind: str, accepts: str
) -> None:
    sent = site.sent(Request(f"{HOST}/{path}", accepts=accepts))
    assert sent["Content-Type"] == kind
    assert (sent["Vary"], sent["Cache-Control"]) == ("Accept-Encoding", "public, immutable")
    assert sent["X-Content-Type-Options"] == "nosniff"
    assert not site.compresses(STATIC + path)


def test_what_may_change_is_neither_kept_for_a_year_nor_left_uncompressed(site: Site) -> None:
    sent = site.sent(Request(f"{HOST}/favicon.svg", accepts=BROWSER))
    assert sent["Content-Type"] == "image/svg+xml"
    assert not {"Cache-Control", "Content-Encoding"} & set(sent)
    assert site.compresses(STATIC + "favicon.svg")


def test_a_section_that_iis_keeps_for_itself_would_break_the_site() -> None:
    text = rendered("web.config.j2").replace("<rewrite>", '<webSocket enabled="false" /><rewrite>', 1)
    with pytest.raises(ValueError, match="webSocket"):
        Site(text, FILES.__contains__)


def test_iisnode_has_the_values_it_was_tuned_to_and_no_debugger() -> None:
    site = Site(rendered("web.config.j2", win_node_app__mode="iisnode"), FILES.__contains__)
    settings = dict(one(site.server, "iisnode").attrib)
    assert {name: settings.pop(name) for name in TUNED} == TUNED
    assert settings["nodeProcessCommandLine"] == (
        r'"C:\Program Files\nodejs\node.exe" --env-file=C:\inetpub\etikettendruck\shared\.env.production'
    )
    assert settings["debuggingEnabled"] == settings["devErrorsEnabled"] == "false"
    assert settings["logDirectory"] == r"C:\inetpub\etikettendruck\shared\logs\iisnode"


def test_the_service_answers_on_this_machine_only_and_has_time_to_end() -> None:
    names = {"win_node_app__name": "etikettendruck", "win_node_app__title": "Etiketten & Druck"}
    folder = {"__win_node_app__service_folder": r"C:\inetpub\etikettendruck\service"}
    environment = jinja2.Environment(loader=jinja2.FileSystemLoader(TEMPLATES), undefined=jinja2.StrictUndefined)  # noqa: S701
    known = names | folder | KNOWN | {"win_node_app__service_port": 8090}
    root = ElementTree.fromstring(environment.get_template("service.xml.j2").render(known))  # noqa: S314 - our own
    given = {entry.get("name"): entry.get("value") for entry in root.iterfind("env")}
    assert given == {"PORT": "8090", "HOST": "127.0.0.1", "SHUTDOWN_TIMEOUT": "60"}
    assert int(root.findtext("stoptimeout", "0").split()[0]) > int(given["SHUTDOWN_TIMEOUT"] or 0)
    assert root.findtext("id") == "etikettendruck"


def one(parent: ElementTree.Element, name: str) -> ElementTree.Element:
    found = parent.find(name)
    assert found is not None
    return found


def test_behind_a_balancer_that_speaks_tls_nothing_is_redirected() -> None:
    site = Site(
        rendered("web.config.j2", __win_node_app__redirects=False, __win_node_app__tls=False), FILES.__contains__
    )
    assert site.answer(Request("http://etiketten.example/etiketten")) == Answer("node", "etiketten")
    assert "Strict-Transport-Security" not in site.headers()


def test_security_headers(site: Site) -> None:
    assert site.headers() == {
        "X-Frame-Options": "DENY",
        "X-Content-Type-Options": "nosniff",
        "X-XSS-Protection": "0",
        "Strict-Transport-Security": "max-age=31536000; includeSubDomains",
    }


@pytest.mark.parametrize("url", ["/", "/etiketten?seite=2", "/favicon.svg", "/api/health"])
def test_in_maintenance_every_request_is_answered_with_503(url: str) -> None:
    site = Site(rendered("maintenance.config.j2"), FILES.__contains__)
    assert site.answer(Request(HOST + url)).status == 503
    assert site.headers()["Retry-After"] == "30"


@pytest.mark.parametrize(
    ("url", "flagged", "answer"),
    [
        (f"{HOST}/api/health", True, Answer("custom", "Not ready", 503)),
        ("http://etiketten.example/api/health?x=1", True, Answer("custom", "Not ready", 503)),
        ("http://127.0.0.1:8099/api/health", True, Answer("node", "api/health")),
        (f"{HOST}/etiketten", True, Answer("node", "etiketten")),
        (f"{HOST}/api/health/mehr", True, Answer("node", "api/health/mehr")),
        (f"{HOST}/api/health", False, Answer("node", "api/health")),
    ],
)
def test_a_balancer_of_others_sees_the_flag_and_nobody_else_does(url: str, flagged: bool, answer: Answer) -> None:
    files = FILES | {FLAG} if flagged else FILES
    site = Site(rendered("web.config.j2", win_node_app__healthflag=True), files.__contains__)
    assert site.answer(Request(url)) == answer
