"""What the proof found, as a page: figures with their limits, and one table over all ways."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from bench.figures import Figure, Limit, Of, Report, Table
from bench.pages import number
from bench.proof import quiet, seedway, traffic, undoing
from bench.proof.living import DEVICES, Lived
from bench.proof.rolling import Rolled
from bench.proof.stage import FAULT_AFTER, NEW, OLD, SLOTS
from bench.proof.stretch import STALL_SECONDS, Stretch, percentile, together
from bench.proof.undoing import Undone, Way, is_back

NAME = "last"
MADE_BY = "make load"
REQUESTS, UPDATES, SLOWER = 50_000, 20, 2
AWAY_SECONDS = 2
KNOWN = ("maintenance", "timeout", "refused", "reset", "protocol", "malformed")
METHOD = f"""\
Auf einem Testhost läuft die Lager-App in {SLOTS} Slots über einer MongoDB, ausgerollt mit `site.yml`: die Anwendung,
die Upkeep mitbringt, mit Anmeldung, Sitzungen und dauerhaften Schreibvorgängen (Mehrheit und Journal), nicht eine für
die Messung gebaute. Dazu kommen drei Adressen für das, was sie noch nicht hat: eine Antwort, die
{traffic.LONG_SECONDS} s dauert, ein langsamer Upload, ein Ereignisstrom. Die Aufrufer sprechen das Gate unter der
Adresse des Testhosts an, nicht über Dockers Umweg auf Loopback.

Der Lastgenerator (`bench/load.py`) hält Verbindungen, wiederholt nichts, gibt nach 10 s auf und zählt jeden Ausgang.
Er schickt im festen Takt, was auch immer aus den Anfragen davor wurde; Latenz zählt ab dem Takt. Die Hälfte davon lädt
die Seite, mit der ein Browser beginnt, ein Viertel liest einen Artikel, ein Viertel schreibt: Jeder Schreibvorgang
legt einen Artikel mit eigenem Namen an, und jede Bestätigung kommt in ein Buch, das danach mit der Datenbank verglichen
wird. p50, p95 und p99 gelten für Lesen und Schreiben; lange Antworten und Uploads zählen bei Anzahl und Fehlern. Als
Fehler zählt alles außer der erwarteten Antwort, auch eine Wartungsseite.

{quiet.SEARCH}

Updates: `upkeep update lager --to` {NEW} und zurück auf {OLD}, Strategie `rolling` mit einem zusätzlichen Slot solange,
unter ständiger Last, sonst mit den Vorgaben von Upkeep (30 s Beobachtungsfenster); davor und danach derselbe Verkehr
ohne Updates. Der Weg des ersten Seeds auf demselben Host hinter
demselben Gate: `docker compose pull`, dann `up -d --force-recreate`, {seedway.TIMES}-mal, mit je \
{seedway.REST_SECONDS:.0f} s Pause.

Rücknahmen ({undoing.RATE} Anfragen/s): Die neue Version wird bereit und antwortet nach {FAULT_AFTER} s auf eine Art von
Anfragen mit 500, bis Upkeep im Beobachtungsfenster zurückgeht; oder jemand ruft `upkeep rollback` auf. Dabei darf die
schlechte Version Fehler zeigen; verloren gehen oder doppelt sein darf kein bestätigter Schreibvorgang.

Live-Aktualisierung: {DEVICES} Geräte halten einen WebSocket, wie die Oberfläche, während ein Benutzer zehn Artikel je
Sekunde anlegt und die Slots hin und her getauscht werden. Gezählt wird, welchem Gerät ein Ereignis fehlt oder doppelt
kam, und wie lange jede Unterbrechung dauerte: vom Ende eines Sockets bis der nächste weitermacht."""


@dataclass(frozen=True)
class Found:
    """The results of all steps; what was left out is empty. `rate`: the highest that was found."""

    rate: int | None
    rolled: Sequence[Rolled]
    seed: Stretch | None
    undone: Sequence[tuple[Way, Undone]]
    lived: Lived | None = None

    @property
    def stretches(self) -> list[Stretch]:
        """Everything Upkeep answers for."""
        return [one for rolled in self.rolled for one in (*rolled.without, rolled.with_updates)]


def report(found: Found) -> Report:
    figures = [*_whole(found), *(figure for rolled in found.rolled for figure in _rolled(rolled))]
    figures += _seed(found) + _undone(found) + _lived(found)
    tables = [_table(found), *([_ways(found)] if found.undone else []), _updates(found), _generator(found)]
    return Report(NAME, "Updates unter Last: keine Anfrage verloren", METHOD, figures, tables, MADE_BY)


def _whole(found: Found) -> list[Figure]:
    during = [rolled.with_updates for rolled in found.rolled]
    asked, updates = sum(one.requests for one in during), sum(len(rolled.updates) for rolled in found.rolled)
    done = sum(update.result == "updated" for rolled in found.rolled for update in rolled.updates)
    books = [one.accounts for one in found.stretches if one.accounts]
    wrong, acknowledged = [sum(book.wrong for book in books)], [sum(book.acknowledged for book in books)]
    written = sum(one.writes for one in during)
    versions = [float(len({OLD, NEW} & one.releases.keys())) for one in during]
    highest = "Höchste Rate ohne Updates, die zählt"
    return [
        *([Figure(highest, "Anfragen/s", [found.rate], "gesucht bis", [quiet.HIGHEST])] if found.rate else []),
        Figure(
            "Anfragen während der Updates", "", [asked], "davon Schreiben", [written], Limit(REQUESTS, at_least=True)
        ),
        Figure("Rolling-Updates", "", [done], "begonnen", [updates], Limit(UPDATES, at_least=True)),
        Figure("Versionen, die antworteten", "", versions, "beteiligt", [2], Limit(2, at_least=True, always=True)),
        Figure("Bestätigt, aber nicht genau einmal da", "", wrong, "bestätigt", acknowledged, Limit(0)),
    ]


def _rolled(rolled: Rolled) -> list[Figure]:
    during, without = rolled.with_updates, together(rolled.without)
    failed = sum(one.failed for one in rolled.without)
    rate = f"{during.rate}/s"
    latencies = [
        Figure(
            f"p{share * 100:.0f} bei {rate} mit Updates",
            "ms",
            [during.percentile(share)],
            "ohne Updates",
            [percentile(without, share)],
            Limit(SLOWER, Of.RATIO) if share == 0.99 else None,
        )
        for share in (0.5, 0.95, 0.99)
    ]
    fails = Figure(f"Fehler bei {rate} mit Updates", "", [during.failed], "ohne Updates", [failed], Limit(0))
    return [fails, *latencies]


def _seed(found: Found) -> list[Figure]:
    if not found.seed or not found.rolled:
        return []
    name = f"Fehler auf dem Weg des Seeds ({seedway.TIMES} Updates)"
    return [Figure(name, "", [found.seed.failed], "Upkeep", [found.rolled[0].with_updates.failed])]


def _undone(found: Found) -> list[Figure]:
    if not found.undone:
        return []
    books = [undone.stretch.accounts for _, undone in found.undone if undone.stretch.accounts]
    wrong, acknowledged = [sum(book.wrong for book in books)], [sum(book.acknowledged for book in books)]
    name = "Rücknahmen: bestätigt, aber nicht genau einmal da"
    back = sum(is_back(undone) for _, undone in found.undone)
    ways = len(found.undone)
    return [
        Figure(name, "", wrong, "bestätigt", acknowledged, Limit(0)),
        Figure("Rücknahmen, nach denen die alte Version läuft", "", [back], "Wege", [ways], Limit(ways, at_least=True)),
    ]


def _lived(found: Found) -> list[Figure]:
    lived = found.lived
    if not lived:
        return []
    done = sum(update.result == "updated" for update in lived.updates)
    incomplete, longest = "Geräte, denen ein Ereignis fehlt oder doppelt kam", "Längste Unterbrechung eines Geräts"
    away = [max(lived.away, default=0.0)]
    return [
        Figure(
            "Rolling-Updates mit Geräten", "", [done], "begonnen", [len(lived.updates)], Limit(UPDATES, at_least=True)
        ),
        Figure(incomplete, "", [lived.incomplete], "Ereignisse je Gerät", [lived.events], Limit(0)),
        Figure(longest, "s", away, "Unterbrechungen", [len(lived.away)], Limit(AWAY_SECONDS)),
    ]


def _table(found: Found) -> Table:
    columns: list[tuple[str, Stretch]] = []
    for rolled in found.rolled:
        rate = rolled.with_updates.rate
        columns += [(f"{rate}/s ohne ({place})", one) for place, one in zip("ab", rolled.without, strict=False)]
        columns += [(f"{rate}/s, {len(rolled.updates)} Updates", rolled.with_updates)]
    if found.seed:
        columns += [(f"{found.seed.rate}/s, Weg des Seeds, {seedway.TIMES}-mal", found.seed)]
    rows = [[title, *(cell(one) for _, one in columns)] for title, cell in _ROWS]
    return Table("Alle Ausgänge", ("", *(name for name, _ in columns)), rows)


def _unknown(one: Stretch) -> int:
    return one.failed - sum(one.outcome(name) for name in KNOWN)


def _account(one: Stretch, name: str) -> str:
    return str(getattr(one.accounts, name)) if one.accounts else "–"


_ROWS: tuple[tuple[str, Callable[[Stretch], str]], ...] = (
    ("Anfragen", lambda one: str(one.requests)),
    ("– davon Schreiben", lambda one: str(one.writes)),
    (f"– davon lange ({traffic.LONG_SECONDS} s)", lambda one: str(one.of_kind(traffic.LONG))),
    ("– davon Uploads", lambda one: str(one.of_kind(traffic.UPLOAD))),
    ("**gute Antworten**", lambda one: str(one.outcome("ok"))),
    ("**Fehler**", lambda one: str(one.failed)),
    ("– Wartungsseite (503)", lambda one: str(one.outcome("maintenance"))),
    ("– anderer Status (4xx, 5xx)", lambda one: str(_unknown(one))),
    ("– abgebrochen", lambda one: str(one.outcome("reset"))),
    ("– abgewiesen", lambda one: str(one.outcome("refused"))),
    ("– nach 10 s ohne Antwort", lambda one: str(one.outcome("timeout"))),
    ("– unverständlich oder falsch", lambda one: str(one.outcome("protocol") + one.outcome("malformed"))),
    (f"länger als {STALL_SECONDS:.0f} s (gut oder nicht)", lambda one: str(one.stalled)),
    ("p50 / p95 / p99 in ms", lambda one: " / ".join(number(one.percentile(share)) for share in (0.5, 0.95, 0.99))),
    ("Antworten je Version", lambda one: ", ".join(f"{name}: {n}" for name, n in sorted(one.releases.items()))),
    ("bestätigte Schreibvorgänge", lambda one: _account(one, "acknowledged")),
    ("– genau einmal da", lambda one: _account(one, "once")),
    ("– verloren", lambda one: _account(one, "missing")),
    ("– doppelt", lambda one: _account(one, "twice")),
    ("da, ohne dass der Aufrufer es erfuhr", lambda one: _account(one, "unconfirmed")),
    ("Ereignisströme: neu verbunden", lambda one: str(one.streams.opened)),
    ("– verabschiedet / abgeschnitten", lambda one: f"{one.streams.ended} / {one.streams.cut}"),
    ("– abgewiesen", lambda one: str(one.streams.refused)),
    ("– längste Lücke", lambda one: f"{number(one.streams.longest_gap)} s"),
    ("Verbindungen (gehalten)", lambda one: str(one.connections)),
)


def _ways(found: Found) -> Table:
    columns = ("Weg", "Ergebnis", "danach läuft", "Anfragen", "Fehler", "bestätigt", "verloren", "doppelt", "Migration")
    rows = []
    for way, undone in found.undone:
        one = undone.stretch
        results = ", ".join(update.result for update in undone.runs)
        migration = {None: "–", True: "lief", False: "**lief nicht**"}[undone.migrated]
        counted = [str(one.requests), str(one.failed)]
        counted += [_account(one, name) for name in ("acknowledged", "missing", "twice")]
        rows.append([way.title, results, undone.release, *counted, migration])
    return Table("Rücknahmen unter Last", columns, rows)


def _updates(found: Found) -> Table:
    rows = []
    for rolled in found.rolled:
        seconds = sorted(update.seconds for update in rolled.updates)
        cut = sum(int(update.timings.get("drained_cut", 0)) for update in rolled.updates)
        spans = [number(seconds[0]), number(seconds[len(seconds) // 2]), number(seconds[-1])] if seconds else ["–"] * 3
        rows.append([f"{rolled.with_updates.rate}/s", str(len(seconds)), " … ".join(spans), str(cut)])
    return Table(
        "Dauer der Updates", ("Last", "Updates", "kürzestes … mittleres … längstes in s", "abgeschnitten"), rows
    )


def _generator(found: Found) -> Table:
    stretches = [*found.stretches, *([found.seed] if found.seed else [])]
    rows = [
        (
            f"{one.rate}/s, {number(one.seconds)} s",
            f"{one.own_cpu:.0%}",
            f"{one.machine:.0%}",
            f"{one.lag * 1000:.0f} ms",
        )
        for one in stretches
    ]
    columns = ("Strecke", "Generator, von einem Kern", "Maschine, von allen Kernen", "Generator zu spät, höchstens")
    return Table("Der Lastgenerator selbst", columns, rows)
