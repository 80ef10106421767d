"""The gate, the apps as a probe sees them, the database and the ports of a test's world."""

from __future__ import annotations

from typing import TYPE_CHECKING

from upkeep.errors import DatabaseFailed, GateFailed
from upkeep.gate import rotation
from upkeep.phases.surge import SURGE
from upkeep.ports.gate import Server
from upkeep.ports.mongo import Account, Facts
from upkeep.ports.probe import Answer

if TYPE_CHECKING:
    from tests.unit.upkeep.world import Behaviour, World


class FakeGate:
    """Answers while the gate's container runs; knows the maps it read when it started, and what it was told since."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.maps: dict[str, dict[str, str]] = {}
        self.places: dict[str, str] = {}
        self.inside: list[int] = []
        self.out: set[str] = set()
        self.off = {SURGE}  # as its configuration says
        self.unknown: set[str] = set()  # slots that its configuration does not name yet
        self.busy: dict[str, list[int]] = {}
        self.cuts: list[str] = []
        self.counted: dict[str, int] = {}
        self.failed: dict[str, int] = {}
        self.fewest_up: int | None = None
        self.mute = False
        self.deaf_for = 0  # reloads that bring no other worker
        self.answers_only: str | None = None  # id of the one container whose gate ever answers
        self.generation = 0
        self.history: list[str] = []

    def answers(self) -> bool:
        running = {box.id for box in self.world.boxes.values() if box.role == "gate" and box.state == "running"}
        return bool(running if self.answers_only is None else running & {self.answers_only}) and not self.mute

    def worker(self) -> str | None:
        return str(self.generation) if self.answers() else None

    def set_map(self, name: str, entries: dict[str, str]) -> None:
        self._must_answer()
        with self.world.change(f"gate {name}"):
            self.maps[name] = dict(entries)
            if name == "state.map":
                self.history.append(entries.get("maintenance", "open"))

    def servers(self) -> tuple[Server, ...]:
        self._must_answer()
        boxes = self.world.boxes.values()
        slots = sorted({box.service for box in boxes if box.role in ("app", "surge")} - self.unknown)
        seen = tuple(self._server(slot) for slot in slots)
        up = sum(server.up for server in seen)
        self.fewest_up = up if self.fewest_up is None else min(up, self.fewest_up)
        return seen

    def _server(self, slot: str) -> Server:
        box = self.world.box(slot)
        well = box.state == "running" and self.world.probe.get(box.address, 8000, "/api/health", 1).status == 200
        if well and slot not in self.out | self.off:
            self.counted[slot] = self.counted.get(slot, 0) + 30
            self.failed[slot] = self.failed.get(slot, 0) + (30 if self.world.rotten(box) else 0)
        waiting = self.busy.get(slot, [])
        status = ("DRAIN" if slot in self.out else "UP") if well else "DOWN"
        status = "MAINT" if slot in self.off else status
        sessions = waiting.pop(0) if slot in self.out and waiting else 0
        return Server(slot, status, sessions, self.counted.get(slot, 0), self.failed.get(slot, 0))

    def in_flight(self) -> int:
        self._must_answer()
        return self.inside.pop(0) if self.inside else 0

    def place(self, slot: str, address: str, port: int) -> None:
        self._must_answer()
        with self.world.change("gate place"):
            self.places[slot] = f"{address}:{port}"
            self.out.discard(slot)

    def drain(self, slot: str) -> None:
        self._must_answer()
        if slot in self.unknown:
            raise GateFailed("Das Gate hat einen Befehl nicht angenommen", observed="No such server.")
        if slot not in self.out or slot in self.off:
            with self.world.change(f"gate drain {slot}"):
                self.off.discard(slot)
                self.out.add(slot)

    def admit(self, slot: str, address: str, port: int) -> None:
        self._must_answer()
        if slot in self.out | self.off or self.places.get(slot) != f"{address}:{port}":
            with self.world.change(f"gate admit {slot}"):
                self.out.discard(slot)
                self.off.discard(slot)
                self.places[slot] = f"{address}:{port}"

    def switch_off(self, slot: str) -> None:
        self._must_answer()
        with self.world.change(f"gate switch_off {slot}"):
            self.off.add(slot)

    def cut(self, slot: str) -> None:
        self._must_answer()
        with self.world.change(f"gate cut {slot}"):
            self.cuts.append(slot)
            self.busy.pop(slot, None)

    def read_files(self) -> None:
        self.deaf_for, deaf = max(0, self.deaf_for - 1), self.deaf_for > 0
        self.generation += 0 if deaf else 1
        self.out, self.off = set(rotation.out(self.world.paths)), {SURGE}
        self.counted, self.failed = {}, {}
        for path in self.world.paths.maps.glob("*.map"):
            pairs = (line.split(" ", 1) for line in path.read_text(encoding="utf-8").splitlines())
            self.maps[path.name] = dict(tuple(pair) for pair in pairs)

    @property
    def closed_by(self) -> str | None:
        return self.maps.get("state.map", {}).get("maintenance")

    def _must_answer(self) -> None:
        if not self.answers():
            raise GateFailed("Das Gate antwortet nicht auf seinem Steuersocket")


class FakeProbe:
    def __init__(self, world: World) -> None:
        self.world = world
        self.posted: list[tuple[str, str]] = []
        self.post_answer = Answer(202)

    def get(self, address: str, port: int, path: str, timeout: float) -> Answer:
        box = next((box for box in self.world.boxes.values() if box.address == address), None)
        if box is None or box.state != "running":
            return Answer(None, "Verbindung abgelehnt")
        behaviour = self.world.behaviour(box)
        age = self.world.age(box)
        if behaviour.kind == "crash" or age < behaviour.seconds:
            return Answer(None, "Verbindung abgelehnt")
        if behaviour.kind == "sick" or (behaviour.kind == "ugly" and path == "/"):
            return Answer(503)
        if self.world.collections.poisoned or self.world.databases.poisoned:
            return Answer(503)
        if behaviour.kind == "fading" and age > 3:
            return Answer(503)
        version = "0.0.0" if behaviour.kind == "liar" else behaviour.version
        return Answer(200, document={"status": "ok", "version": version})

    def post(self, address: str, port: int, path: str, timeout: float) -> Answer:
        box = next((box for box in self.world.boxes.values() if box.address == address), None)
        if box is None or box.state != "running":
            return Answer(None, "Verbindung abgelehnt")
        self.posted.append((box.service, path))
        return self.post_answer

    def connects(self, address: str, port: int, timeout: float) -> bool:
        found = (box for box in self.world.boxes.values() if box.address == address and box.state == "running")
        return any(self.world.behaviour(box).kind != "dying" for box in found)


class FakeMongo:
    def __init__(self, world: World) -> None:
        self.world = world
        self.member: str | None = None
        self.accounts: dict[str, Account] = {}
        self.broken = False
        self.stuck = False  # the data's format does not move

    def ensure_replica_set(self, address: str, keyfile: str, member: str, timeout: float) -> bool:
        if self.broken or self._server().kind in ("sick", "dying"):
            raise DatabaseFailed("MongoDB ist nicht bereit geworden", observed="keine Antwort")
        with self.world.change("replSetInitiate"):
            fresh = self.member is None
            self.member = self.member or member
        return fresh

    def ensure_accounts(self, address: str, keyfile: str, accounts: tuple[Account, ...]) -> None:
        for account in accounts:
            with self.world.change(f"user {account.name}"):
                self.accounts[account.name] = account

    def drop_accounts(self, address: str, keyfile: str, database: str, names: tuple[str, ...]) -> None:
        self._server()
        for name in names:
            with self.world.change(f"drop user {name}"):
                self.accounts.pop(name, None)

    def facts(self, address: str, keyfile: str) -> Facts:
        return Facts(self._server().version or "", self.world.feature)

    def raise_feature(self, address: str, keyfile: str, series: str, confirm: bool) -> None:
        with self.world.change(f"feature {series}"):
            self.world.feature = self.world.feature if self.stuck else series
            self.confirmed = confirm

    def _server(self) -> Behaviour:
        box = next(
            (box for box in self.world.boxes.values() if box.role == "database" and box.state == "running"), None
        )
        if box is None:
            raise DatabaseFailed("MongoDB antwortet nicht")
        return self.world.behaviour(box)


class FakeSockets:
    def __init__(self) -> None:
        self.busy: set[int] = set()

    def taken(self, bind: str, port: int) -> bool:
        return port in self.busy
