"""Where the example business keeps its things."""

from __future__ import annotations

from dataclasses import dataclass

from lager.locations.model import Kind


@dataclass(frozen=True)
class Place:
    code: str
    name: str
    kind: Kind
    parent: str | None = None
    licence_plate: str = ""
    note: str = ""


def _shelves(parent: str, prefix: str, names: dict[str, int]) -> list[Place]:
    """Shelves with their numbered bins."""
    places = []
    for number, (name, bins) in enumerate(names.items(), start=1):
        shelf = f"{prefix}-R{number}"
        places.append(Place(shelf, f"Regal {number} · {name}", Kind.SHELF, parent))
        places += [Place(f"{shelf}-{place}", f"Fach {place}", Kind.BIN, shelf) for place in range(1, bins + 1)]
    return places


def _vehicle(code: str, name: str, plate: str, note: str, bins: tuple[str, ...]) -> list[Place]:
    vehicle = Place(code, name, Kind.VEHICLE, None, plate, note)
    return [vehicle] + [Place(f"{code}-F{n}", bin_name, Kind.BIN, code) for n, bin_name in enumerate(bins, start=1)]


PLACES: tuple[Place, ...] = (
    Place("HL", "Hauptlager", Kind.STORE, note="Werkstatt, Erdgeschoss. Schlüssel hängt im Büro."),
    *_shelves(
        "HL",
        "HL",
        {
            "Rohre": 2,
            "Fittings": 5,
            "Armaturen": 3,
            "Abwasser": 3,
            "Heizung": 3,
            "Sanitär & Dichtmittel": 4,
            "Befestigung & Werkzeug": 5,
        },
    ),
    Place("KL", "Elektrolager", Kind.ROOM, "HL", note="Raum hinten links, abgeschlossen."),
    *_shelves(
        "KL",
        "KL",
        {"Kabel & Leitungen": 5, "Schutzgeräte": 4, "Klemmen & Schalter": 5, "Dosen, Verteiler, Leuchten": 4},
    ),
    Place("AL", "Außenlager", Kind.STORE, note="Container im Hof."),
    Place("AL-1", "Rohrgestell", Kind.BIN, "AL"),
    Place("AL-2", "Isolierung", Kind.BIN, "AL"),
    Place("AL-3", "Keramik", Kind.BIN, "AL"),
    Place("AL-4", "Kanäle & Schienen", Kind.BIN, "AL"),
    *_vehicle(
        "T1", "Transporter 1", "HB-LG 101", "Sanitär. Fährt meist Herr Petersen.",
        ("Pressfittings", "Kleinteile & Dichtungen", "Armaturen & Abfluss", "Befestigung"),
    ),
    *_vehicle(
        "T2", "Transporter 2", "HB-LG 102", "Elektro. Fährt meist Frau Yılmaz.",
        ("Schutzgeräte", "Klemmen", "Schalter & Dosen", "Befestigung"),
    ),
    *_vehicle(
        "KD", "Kundendienst", "HB-LG 103", "Der kleine Wagen für Notdienste.",
        ("Sanitär-Ersatzteile", "Heizung", "Elektro & Kleinteile"),
    ),
)  # fmt: skip
