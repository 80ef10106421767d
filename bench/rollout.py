"""How long the playbooks take: first and second site.yml, three hosts against one, deploy.yml without work."""

from __future__ import annotations

from collections.abc import Sequence

from bench.figures import Figure, Limit, Of, Report, Table
from bench.ground import Ground
from bench.pages import number
from bench.playbook import Play

SHOWN_TASKS = 8
METHOD = """\
Jeder Aufruf von `ansible-playbook` wird von außen gestoppt, mit eigenen, kalten ssh-Verbindungen. Die Hosts sind frisch
gestartete Testhosts `debian13-docker`, auf denen Docker schon liegt; Images kommen aus der Registry des Testbeds.
Reihenfolge der ersten Läufe: ein Host, drei andere Hosts zugleich, noch ein einzelner. Alle Hosts teilen sich die Kerne
dieser Maschine: Auf getrennten Maschinen ist das Verhältnis günstiger.

Das leere Playbook besteht aus einem `ping` ohne Fakten: So viel kostet Ansible, ohne etwas zu tun."""


def measure(ground: Ground, quick: bool) -> Report:
    """With `quick` one host and single calls."""
    single, *others = ground.hosts
    trio, again = others[:3], others[3:]
    empty = [ground.play("empty", single) for _ in range(1 if quick else 3)]
    first = [ground.play("site", single)]
    many = [ground.play("site", *trio)] if trio else []
    first += [ground.play("site", host) for host in again]
    second = [ground.play("site", host) for host in (single, *again)]
    many_second = [ground.play("site", *trio)] if trio else []
    deploys = [ground.play("deploy", single) for _ in range(1 if quick else 3)]
    many_deploys = [ground.play("deploy", *trio)] if trio else []
    one_host = _one_host(empty, first, second, deploys)
    three_hosts = _three_hosts(first, many, second, many_second, deploys, many_deploys) if trio else []
    plays = (("site.yml, erster Lauf", first), ("site.yml, zweiter Lauf", second), ("deploy.yml ohne Arbeit", deploys))
    tables = [_longest(title, runs[0]) for title, runs in plays]
    return Report("playbooks", "Playbooks: Dauer", METHOD, [*one_host, *three_hosts], tables)


def _one_host(
    empty: Sequence[Play], first: Sequence[Play], second: Sequence[Play], deploys: Sequence[Play]
) -> list[Figure]:
    nothing, whole = _seconds(empty), _seconds(first)
    changes, changes_first = _changes(second), _changes(first)
    within = Limit(10, always=True)
    return [
        Figure("`site.yml`, erster Lauf, ein Host", "s", whole, "leeres Playbook", nothing),
        Figure("`site.yml`, zweiter Lauf, ein Host", "s", _seconds(second), "erster Lauf", whole),
        Figure("Änderungen im zweiten Lauf", "", changes, "erster Lauf", changes_first, Limit(0, always=True)),
        Figure("`deploy.yml` ohne Arbeit, ein Host", "s", _seconds(deploys), "leeres Playbook", nothing, within),
    ]


def _three_hosts(
    first: Sequence[Play],
    many: Sequence[Play],
    second: Sequence[Play],
    many_second: Sequence[Play],
    deploys: Sequence[Play],
    many_deploys: Sequence[Play],
) -> list[Figure]:
    limit = Limit(2.5, Of.RATIO)
    pairs = (("erster Lauf", many, first, limit), ("zweiter Lauf", many_second, second, None))
    figures = [
        Figure(f"`site.yml`, {which}, drei Hosts zugleich", "s", _seconds(ours), "ein Host", _seconds(one), bound)
        for which, ours, one, bound in pairs
    ]
    per_host = [seconds / 3 for seconds in _seconds(many_deploys)]
    name = "`deploy.yml` ohne Arbeit, drei Hosts zugleich, je Host"
    return [*figures, Figure(name, "s", per_host, "ein Host allein", _seconds(deploys), Limit(10))]


def _seconds(plays: Sequence[Play]) -> list[float]:
    return [play.seconds for play in plays]


def _changes(plays: Sequence[Play]) -> list[float]:
    return [sum(play.changed.values()) for play in plays]


def _longest(title: str, play: Play) -> Table:
    rows = [(task, f"{number(seconds)} s") for task, seconds in play.tasks[:SHOWN_TASKS]]
    rest = play.seconds - sum(seconds for _, seconds in play.tasks[:SHOWN_TASKS])
    return Table(f"Wohin die Zeit geht: {title}", ("Aufgabe", "Dauer"), [*rows, ("alles Übrige", f"{number(rest)} s")])
