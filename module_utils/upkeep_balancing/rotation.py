"""Out of rotation and back in: what module upkeep_load_balancer plans and does. One server at a time."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from .drains import OPERATOR, Drains, Lease
from .haproxy import BalancerError, Server, places_of

FEWEST_ANSWERS = 20  # with fewer, a share says nothing
Check = Callable[[list[Server]], bool]


@dataclass(frozen=True)
class Wish:
    """Who wants which server where. `lease`, `timeout`, `settle` in seconds; `errors`: highest share of 5xx."""

    server: str
    owner: str = OPERATOR
    backend: str = ""
    lease: float = 900
    timeout: float = 30
    settle: float = 0
    errors: float = 0.05


@dataclass(frozen=True)
class Step:
    """What has to be done. `act` false: nothing, and `message` says why."""

    act: bool
    message: str


@dataclass
class Rotation:
    """Plans write nothing; the rest acts and returns {message, …} for the module. All raise BalancerError."""

    drains: Drains
    clock: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep
    _places: tuple[str, ...] = field(default=(), init=False)

    def plan(self, wish: Wish, state: str) -> Step:
        """`state` as in the module's documentation."""
        if state == "healed":
            strays = self.strays(wish)
            return Step(bool(strays), healed(strays))
        plans = {"drained": self.plan_out, "ready": self.plan_in}
        return plans[state](wish) if state in plans else Step(False, "")

    def act(self, wish: Wish, state: str, step: Step) -> dict[str, Any]:
        """Carry out what `plan` said. Where nothing was to be done, `ready` still waits and `watched` still looks."""
        if state == "ready":
            return self.let_in(wish, step.act)
        if state == "watched":
            return self.watch(wish)
        if not step.act:
            return {"message": step.message}
        return self.heal(self.strays(wish)) if state == "healed" else self.take_out(wish)

    def seen(self) -> dict[str, Any]:
        """What everybody may know, for the module's result."""
        leases = [asdict(lease) for lease in self.drains.leases().values()]
        return {"servers": [asdict(server) for server in self.drains.runtime.servers()], "leases": leases}

    def servers(self, wish: Wish) -> list[Server]:
        """The lines of this server; BalancerError where it has none."""
        known = self.drains.runtime.servers()
        places = places_of(known, wish.server, wish.backend)
        return [server for server in known if f"{server.backend}/{server.name}" in places]

    def plan_out(self, wish: Wish) -> Step:
        mine, lease = self.servers(wish), self.drains.leases().get(wish.server)
        if lease and wish.owner != OPERATOR == lease.owner:
            return Step(False, f"{wish.server} ist schon abgehängt, von Hand; das bleibt so.")
        if lease and lease.owner == wish.owner and all(server.drained for server in mine):
            return Step(False, f"{wish.server} ist schon abgehängt.")
        if not self.drains.runtime.sees_all:
            return Step(True, f"{wish.server} meldet sich als nicht bereit.")
        if only := [server.backend for server in mine if not self._others(server)]:
            return Step(False, f"{wish.server} ist der einzige Server von {', '.join(only)} und wird nicht abgehängt.")
        if not any(server.serves for server in mine):
            return Step(False, f"{wish.server} bedient ohnehin nicht ({mine[0].status}); abzuhängen gibt es nichts.")
        for server in mine:
            if not any(other.serves for other in self._others(server)):
                raise BalancerError(_last(server, self._others(server)))
        return Step(True, f"{wish.server} wird abgehängt.")

    def take_out(self, wish: Wish) -> dict[str, Any]:
        """Drain and wait until its requests have ended; what is left at `timeout` is cut and counted."""
        places = tuple(f"{server.backend}/{server.name}" for server in self.servers(wish))
        with self.drains.locked():
            self.drains.drain(wish.server, wish.owner, wish.lease, places)
        self.sleep(wish.settle)
        waited, servers = self._until(wish, lambda found: not sum(server.sessions for server in found))
        left = sum(server.sessions for server in servers)
        for place in places if left else ():
            self.drains.runtime.cut(place)
        rest = f"; {left} Verbindungen endeten nicht in {wish.timeout:g} s und wurden getrennt" if left else ""
        return {"message": f"{wish.server} abgehängt nach {waited:.1f} s{rest}.", "cut": left, "waited": waited}

    def plan_in(self, wish: Wish) -> Step:
        mine, lease = self.servers(wish), self.drains.leases().get(wish.server)
        if lease and wish.owner not in (OPERATOR, lease.owner):
            whose = "von Hand" if lease.owner == OPERATOR else f"von {lease.owner}"
            return Step(False, f"{wish.server} bleibt abgehängt: {whose}, bis {_clock(lease.until)}.")
        if not lease and not (wish.owner == OPERATOR and any(server.drained for server in mine)):
            return Step(False, f"{wish.server} ist angehängt.")
        return Step(True, f"{wish.server} wird wieder angehängt.")

    def let_in(self, wish: Wish, act: bool) -> dict[str, Any]:
        """End the drain, then wait until the health check agrees. The drain is over even where it does not."""
        lease = self.drains.leases().get(wish.server)
        if act:
            places = tuple(f"{server.backend}/{server.name}" for server in self.servers(wish))
            with self.drains.locked():
                self.drains.release(lease or Lease(wish.server, wish.owner, 0, 0, places))
        elif lease:
            return {"message": self.plan_in(wish).message, "waited": 0.0, "stays_out": True}
        self.sleep(wish.settle)
        waited, servers = self._until(wish, lambda found: all(server.serves for server in found))
        if sick := [server for server in servers if not server.serves]:
            raise BalancerError(_sick(sick[0], wish.timeout))
        return {"message": f"{wish.server} bedient wieder (nach {waited:.1f} s).", "waited": waited}

    def strays(self, wish: Wish) -> list[Lease]:
        """Drains that an earlier play left behind: not this one's, and no operator's."""
        return [lease for lease in self.drains.leases().values() if lease.owner not in (wish.owner, OPERATOR)]

    def heal(self, strays: Sequence[Lease]) -> dict[str, Any]:
        with self.drains.locked():
            for lease in strays:
                self.drains.release(lease)
        return {"message": healed(strays)}

    def watch(self, wish: Wish) -> dict[str, Any]:
        """Look on for `timeout` seconds: BalancerError as soon as it serves no more; counts its answers."""
        before = self.servers(wish)
        waited, after = self._until(wish, lambda found: any(not server.serves for server in found))
        if sick := [server for server in after if not server.serves]:
            raise BalancerError(_sick(sick[0], waited))
        grown = [sum(getattr(server, name) for server in after) for name in ("answers", "errors")]
        answers = grown[0] - sum(server.answers for server in before)
        errors = grown[1] - sum(server.errors for server in before)
        message = f"{wish.server} {waited:.0f} s beobachtet: {answers} Anfragen, {errors} Fehler (5xx)."
        if answers >= FEWEST_ANSWERS and errors > wish.errors * answers:
            raise BalancerError(
                f"{message} Erlaubt sind {wish.errors:.0%}. Protokoll: `upkeep logs` auf {wish.server}."
            )
        return {"message": message, "answers": answers, "errors": errors}

    def _others(self, server: Server) -> list[Server]:
        known = self.drains.runtime.servers()
        return [other for other in known if other.backend == server.backend and other.name != server.name]

    def _until(self, wish: Wish, enough: Check) -> tuple[float, list[Server]]:
        began = self.clock()
        while True:
            servers, waited = self.servers(wish), self.clock() - began
            if enough(servers) or waited >= wish.timeout:
                return waited, servers
            self.sleep(0.1)


def healed(strays: Sequence[Lease]) -> str:
    """German; empty when there was nothing to heal."""
    if not strays:
        return ""
    names = ", ".join(f"{lease.server} (seit {_clock(lease.since)}, {lease.owner})" for lease in strays)
    return f"Von einem abgebrochenen Lauf noch abgehängt, jetzt wieder dabei: {names}."


def _last(server: Server, others: Sequence[Server]) -> str:
    seen = ", ".join(f"{other.name}: {'abgehängt' if other.drained else other.status}" for other in others)
    return (
        f"{server.name} wird nicht abgehängt: kein anderer Server von „{server.backend}“ bedient ({seen}), verlangt "
        "ist mindestens einer. Nächster Schritt: `upkeep-balancer status` auf dem Lastverteiler."
    )


def _sick(server: Server, seconds: float) -> str:
    return (
        f"{server.backend}/{server.name} bedient nach {seconds:.0f} s nicht (zuletzt {server.status}, Prüfung: "
        f"{server.check or 'keine'}). Er ist nicht abgehängt; sobald er gesund ist, bedient er von selbst. "
        f"Nächster Schritt: `upkeep health` auf {server.name}."
    )


def _clock(moment: float) -> str:
    return time.strftime("%H:%M:%S", time.localtime(moment))
