"""Afterwards: is the ledger what was confirmed, and did every screen hear all of it? As figures and as pages."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from pathlib import Path

from lager.bookings.verify import Verified, verify
from lager.services import Services

from bench import pages
from bench.devices import Device, about
from bench.figures import Figure, Limit, Report
from bench.machine import Circumstances
from tests.integration.app.bookers import Crowd, Tally
from tests.integration.app.process import ROOT
from tests.integration.app.two_slots import DOWN, Slots

FOLDER = Path(ROOT / "docs" / "messungen")
MADE_BY = "make faults"
SETTLED = 120  # seconds until everything is sealed, numbered and told
STORM_METHOD = """\
Zwei Prozesse der Lager-App (zwei Slots) über einem echten mongod. 20 Leute buchen ohne Pause, zufällig verteilt auf 60
Artikel an 6 Orten: Zugänge, Entnahmen, Umlagerungen mit einer bis vier Zeilen, Zählungen, Rücknahmen. Mehr als da ist,
wird oft verlangt und muss abgelehnt werden. Antwortet ein Slot nicht, geht dieselbe Anfrage unter demselben Schlüssel
noch einmal hinaus, an irgendeinen Slot. Jede Bestätigung kommt in ein Buch. Neben jedem dieser Leute folgt ein Gerät
den Ereignissen, wie die Oberfläche es tut.

Währenddessen werden die Slots abwechselnd mit `kill -9` beendet und, wie bei einem Rolling-Update, getauscht: aus der
Verteilung, Sockets zum anderen, SIGTERM, ein neuer Prozess.

Danach wird das Buch mit der Datenbank verglichen (jede bestätigte Buchung genau einmal, keine abgelehnte), die Kette
und die Summen nachgerechnet (`lager ledger verify`), und die Liste jedes Geräts mit den Ereignissen der Datenbank,
Nummer für Nummer in der Reihenfolge, in der sie ankamen."""

ABSENCE_METHOD = """\
Zwei Prozesse der Lager-App (zwei Slots) über einem echten mongod. Fünf Leute buchen etwa jede Sekunde einmal, zufällig
verteilt; neben jedem folgt ein Gerät den Ereignissen, wie die Oberfläche es tut. Eines davon erreicht zehn wirkliche
Minuten lang niemanden. In der Zeit werden auch beide Slots getauscht. Danach kommt es mit der Nummer wieder, die es
kannte, während die anderen weiterbuchen; seine Liste muss Nummer für Nummer dieselbe sein wie die der Datenbank."""


Told = tuple[int, str]


@dataclass(frozen=True)
class Proved:
    """``wrong``: confirmed, but not there exactly once, or there and not confirmed. ``broken``: what the ledger's own
    check says. ``incomplete``: devices that missed, doubled or mixed up an event, or had to load afresh."""

    booked: int
    events: int
    cells: int
    wrong: int = 0
    negative: int = 0
    gaps: int = 0
    incomplete: int = 0
    broken: tuple[str, ...] = ()

    @property
    def is_good(self) -> bool:
        return not (self.wrong or self.negative or self.gaps or self.incomplete or self.broken)


@dataclass(frozen=True)
class Storm:
    tally: Tally
    devices: list[Device]
    slots: Slots
    proved: Proved
    seconds: float


@dataclass(frozen=True)
class Absence:
    """The first of the devices was offline for ``away`` seconds, ``missed`` events came in that time, and it had them
    all ``caught_up`` seconds after it was back on line."""

    tally: Tally
    devices: list[Device]
    proved: Proved
    away: float
    missed: int
    caught_up: float


async def prove(services: Services, people: Crowd) -> Proved:
    """Waits until all is sealed and everybody has heard the newest event."""
    found = await _settled(services, people.devices)
    events = [
        (one["_id"], about(one["kind"], one["body"])) async for one in services.database["events"].find().sort("_id")
    ]
    keys = {one["key"]: str(one["_id"]) async for one in services.database["bookings"].find({}, ["key"])}
    told = sorted(thing.split()[1] for _, thing in events if thing.startswith("booking "))
    confirmed = people.tally.booked
    return Proved(
        booked=found.sealed,
        events=len(events),
        cells=found.cells,
        wrong=len(keys.items() ^ confirmed.items()) + (told != sorted(confirmed.values())),
        negative=await services.database["stock"].count_documents({"quantity": {"$lt": 0}}),
        gaps=sum(number != place for place, (number, _) in enumerate(events, 1)),
        incomplete=sum(not has_heard(device, events) for device in people.devices),
        broken=tuple(found.broken),
    )


async def all_events(services: Services) -> list[Told]:
    found = services.database["events"].find().sort("_id")
    return [(one["_id"], about(one["kind"], one["body"])) async for one in found]


def has_heard(device: Device, events: list[Told]) -> bool:
    """Everything from the first booking on, once each and in order, without loading afresh in between."""
    first = next(number for number, thing in events if thing.startswith("booking "))
    heard, happened = ([event for event in told if event[0] >= first] for told in (device.told, events))
    return device.resets == 1 and heard == happened


async def _settled(services: Services, devices: list[Device]) -> Verified:
    async with asyncio.timeout(SETTLED):
        while (found := await verify(services.database)).unsealed or await _waiting(services):
            await asyncio.sleep(0.2)
        counter = await services.database["counters"].find_one({"_id": "events"})
        assert counter
        while any(device.seq < counter["value"] for device in devices):
            await asyncio.sleep(0.05)
    return found


async def _waiting(services: Services) -> bool:
    return await services.database["outbox"].find_one() is not None


def write(report: Report) -> None:
    print(pages.shown(report))
    pages.write(FOLDER, report, Circumstances.now())


def write_storm(storm: Storm) -> None:
    title = "10.000 Buchungen, während Slots sterben und getauscht werden"
    write(Report("buchungssturm", title, STORM_METHOD, storm_figures(storm), made_by=MADE_BY))


def storm_figures(storm: Storm) -> list[Figure]:
    proved, confirmed, devices = storm.proved, len(storm.tally.booked), storm.devices
    longest = max((gap for device in devices for gap in device.gaps), default=0.0)
    at_all = sum(len(device.gaps) for device in devices)
    clients = [len(devices)]
    refused, repeated = [len(storm.tally.refused)], [storm.tally.repeated]
    return [
        Figure("Bestätigte Buchungen", "", [confirmed], "abgelehnte", refused, Limit(10_000, at_least=True)),
        Figure("Slots abgeschossen", "", [storm.slots.killed], "Slots", [2], Limit(12, at_least=True)),
        Figure("Slots getauscht", "", [storm.slots.exchanged], "Slots", [2], Limit(12, at_least=True)),
        Figure("Wiederholte Anfragen (niemand antwortete)", "", repeated, "bestätigt", [confirmed]),
        Figure("Bestätigt, aber nicht genau einmal da", "", [proved.wrong], "bestätigt", [confirmed], Limit(0)),
        Figure("Befunde der Prüfung (Kette, Summen)", "", [len(proved.broken)], "gesiegelt", [proved.booked], Limit(0)),
        Figure("Bestände unter null", "", [proved.negative], "Bestände", [proved.cells], Limit(0)),
        Figure("Lücken in den Nummern der Ereignisse", "", [proved.gaps], "Ereignisse", [proved.events], Limit(0)),
        Figure("Geräte mit unvollständiger Liste", "", [proved.incomplete], "Geräte", clients, Limit(0)),
        Figure("Unterbrechungen aller Geräte", "", [at_all], "Geräte", clients),
        Figure("Längste Unterbrechung eines Geräts", "s", [longest], "bis ein Slot neu gestartet wird", [DOWN]),
        Figure("Buchungen in der Sekunde", "", [confirmed / storm.seconds], "Leute", clients),
    ]


def write_absence(found: Absence) -> None:
    title = "Zehn Minuten offline: kein Ereignis verpasst"
    write(Report("offline", title, ABSENCE_METHOD, absence_figures(found), made_by=MADE_BY))


def absence_figures(found: Absence) -> list[Figure]:
    absent, proved = found.devices[0], found.proved
    numbers = [number for number, _ in absent.told]
    lacking = numbers[-1] - numbers[0] + 1 - len(set(numbers))
    came = [found.missed]
    return [
        Figure("Offline", "s", [found.away], "verlangt", [600], Limit(600, at_least=True)),
        Figure("Ereignisse, die danach fehlen", "", [lacking], "in der Zeit", came, Limit(0)),
        Figure("Ereignisse, die doppelt kamen", "", [absent.doubled], "in der Zeit", came, Limit(0)),
        Figure(
            "Neu geladen statt nachgeholt", "", [absent.resets - 1], "Unterbrechungen", [len(absent.gaps)], Limit(0)
        ),
        Figure("Geräte mit unvollständiger Liste", "", [proved.incomplete], "Geräte", [len(found.devices)], Limit(0)),
        Figure("Wieder da, bis alles nachgeholt war", "s", [found.caught_up], "offline", [found.away]),
    ]
