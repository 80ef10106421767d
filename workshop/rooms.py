"""Runs the rooms of the test suite, or of the linters: some side by side, a line per room, the times at the end.

A room begins when what it stands on is there; what needs nothing fills the time in which images wait for the network.

Each room's whole output goes to test-results/<room>.log; of a failed room the end is shown. A few tests that failed,
or a scenario, get a second turn when nothing else runs, and are named at the end whatever comes of it (docs/adr/0027).
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from concurrent import futures
from dataclasses import dataclass, replace
from pathlib import Path

from workshop.progress import say
from workshop.reports import Reports, again_of

ROOT = Path(__file__).resolve().parent.parent
RESULTS = ROOT / "test-results"
BIN = Path(sys.executable).parent
PYTEST = (sys.executable, "-m", "pytest", "-q", "--durations=5", "-m", "not faults")
HEARTBEAT_SECONDS = 30
TAIL_LINES = 80
TESTS_FAILED = 1  # pytest's exit code; anything else is no matter of single tests
TIMED_OUT = 124
FEW = 3
MEMORY, ENOUGH = Path("/dev/shm"), 4 << 30  # noqa: S108 - bytes


@dataclass(frozen=True)
class Room:
    """What to run from the repository root, its deadline, whether it counts tests or is one as a whole, what must have
    ended well before."""

    name: str
    argv: tuple[str, ...]
    seconds: int = 900
    junit: bool = False
    one_test: bool = False
    after: tuple[str, ...] = ()


@dataclass(frozen=True)
class Outcome:
    """`unsteady`: tests that failed at first."""

    room: Room
    seconds: float
    returncode: int
    unsteady: tuple[str, ...] = ()


def pytest_room(name: str, *paths: str, in_memory: bool = False) -> Room:
    """`in_memory`: its tests write thousands of small files or have a database of their own, and no disk is meant."""
    own = (f"--junit-xml={Reports(RESULTS).place(name)}", "-o", f"cache_dir={RESULTS / name}.cache")
    return Room(name, (*(temporary_files_in_memory() if in_memory else ()), *PYTEST, *own, *paths), 1500, junit=True)


def temporary_files_in_memory() -> tuple[str, ...]:
    """What goes before a command for that; nothing where there is too little room or nothing may be executed."""
    if not MEMORY.is_dir():
        return ()
    found = os.statvfs(MEMORY)
    fits = found.f_bavail * found.f_frsize >= ENOUGH and not found.f_flag & os.ST_NOEXEC
    return ("env", f"TMPDIR={MEMORY}") if fits else ()


def module(name: str, *words: str, after: tuple[str, ...] = ()) -> Room:
    return Room(name, (sys.executable, "-m", *words), after=after)


def scenario(name: str) -> Room:
    return Room(f"molecule-{name}", (str(BIN / "molecule"), "test", "-s", name), 900, one_test=True)


def frontend(script: str) -> Room:
    return Room(f"frontend-{script}", (str(BIN / "npm"), "--prefix", "app/frontend", "run", "--silent", script), 300)


# Who is free takes the next room that can begin, so the long ones come first.
# Rooms wait more than they compute: three of them fill two cores.
WORKERS = int(os.environ.get("UPKEEP_WORKERS", "3"))
PREPARATION = [
    module("Docker", "testbed", "docker"),
    module("Testabbilder", "testbed", "images", after=("Docker",)),
    module("App-Abbild", "workshop.app_image", after=("Testabbilder",)),
    module("Browser", "testbed", "browser", after=("Docker",)),
    module("Agentenpakete", "workshop.wheels"),
    module("Beispielpaket", "workshop.example_package"),
]
UNIT = pytest_room("unit", "tests/unit", "tests/repository", in_memory=True)
AFTERWARDS = [
    pytest_room("engine", "tests/integration/upkeep"),
    pytest_room("stoerungen", "tests/faults"),
    pytest_room("e2e", "tests/e2e"),
    pytest_room("sicherung", "tests/integration/backup", "tests/integration/notify"),
    pytest_room("fehleingaben", "tests/integration/bad_input"),
    pytest_room("docker_host", "tests/integration/docker_host"),
    pytest_room("fremd", "tests/integration/foreign"),
    pytest_room("app", "tests/integration/app", in_memory=True),
    pytest_room("windows", "tests/integration/windows", in_memory=True),
    *map(scenario, ("docker_host", "default", "windows_server")),
    pytest_room("postgres", "tests/integration/postgres"),
    pytest_room("seiten", "tests/integration/pages"),
    pytest_room("flotte", "tests/integration/fleet"),
    pytest_room("gate", "tests/integration/gate"),
    pytest_room("last", "tests/load"),
    pytest_room("messen", "tests/integration/bench"),
    pytest_room("testbed", "tests/integration/testbed"),
    pytest_room("archiv", "tests/integration/mongo_archive", in_memory=True),
    pytest_room("etikettendruck", "tests/integration/etikettendruck"),
    frontend("check"),
    frontend("test"),
]
PREPARED = tuple(room.name for room in PREPARATION)
TESTS = [*PREPARATION, UNIT, *(replace(room, after=PREPARED) for room in AFTERWARDS)]
LINTERS = [
    Room("ansible-lint", (str(BIN / "ansible-lint"), "-q"), 600),
    module("mypy", "mypy"),
    module("ruff", "ruff", "check", "."),
    module("ruff-format", "ruff", "format", "--check", "."),
    module("yamllint", "yamllint", "--strict", "."),
    module("Rollentabellen", "workshop.role_tables"),
    module("Windows-Aufgaben", "workshop.windows_tasks"),
]


def run_room(room: Room) -> Outcome:
    say(f"▶ {room.name}")
    began, log = time.monotonic(), RESULTS / f"{room.name}.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            room.argv, cwd=ROOT, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT, env=os.environ
        )
        code = wait(process, room, began)
    outcome = Outcome(room, time.monotonic() - began, code)
    say(f"{'✔' if code == 0 else '✘'} {room.name}: {outcome.seconds:.0f} s{counted(room)}")
    if code != 0:
        show_end(room, log)
    return outcome


def wait(process: subprocess.Popen[bytes], room: Room, began: float) -> int:
    """The room's exit code, or TIMED_OUT when it had to be stopped at its deadline."""
    while True:
        try:
            return process.wait(HEARTBEAT_SECONDS)
        except subprocess.TimeoutExpired:
            elapsed = time.monotonic() - began
        if elapsed > room.seconds:
            process.kill()
            say(f"{room.name}: nach {elapsed:.0f} s abgebrochen (Grenze {room.seconds} s)")
            return TIMED_OUT
        say(f"  {room.name} läuft seit {elapsed:.0f} s")


def second_turn(outcome: Outcome) -> Outcome:
    """What failed of a room, alone on the machine: a few tests of it, or itself if it is a single one."""
    room, reports = outcome.room, Reports(RESULTS)
    failing, again = reports.failed(room.name), replace(room, name=again_of(room.name))
    if room.one_test and outcome.returncode not in (0, TIMED_OUT):
        failing = (room.name,)
    elif room.junit and outcome.returncode == TESTS_FAILED and 1 <= len(failing) <= FEW:
        report = f"--junit-xml={reports.place(again.name)}"
        again = replace(again, argv=(*room.argv, report, "--last-failed", "--last-failed-no-failures=none"))
    else:
        return outcome
    second = run_room(again)
    return Outcome(room, outcome.seconds + second.seconds, second.returncode, failing)


def show_end(room: Room, log: Path) -> None:
    lines = log.read_text(errors="replace").splitlines()[-TAIL_LINES:]
    print(f"──── {room.name} (Ende von {log.relative_to(ROOT)})", *lines, "────", sep="\n", flush=True)


def counted(room: Room) -> str:
    passed, failed, skipped = Reports(RESULTS).counts(room.name)
    return f" ({passed} bestanden, {failed} gescheitert, {skipped} ausgelassen)" if room.junit else ""


def run_side_by_side(rooms: list[Room]) -> list[Outcome]:
    """What follows a failure has no ground to stand on and is not begun."""
    waiting, names = list(rooms), {room.name for room in rooms}
    outcomes: list[Outcome] = []
    with futures.ThreadPoolExecutor(WORKERS) as pool:
        running: set[futures.Future[Outcome]] = set()
        while True:
            there = {outcome.room.name for outcome in outcomes if outcome.returncode == 0}
            ready = [room for room in waiting if names & set(room.after) <= there][: WORKERS - len(running)]
            for room in ready:
                waiting.remove(room)
                running.add(pool.submit(run_room, room))
            if not running:
                return outcomes
            ended, running = futures.wait(running, return_when=futures.FIRST_COMPLETED)
            outcomes += [future.result() for future in ended]


def chosen(rooms: list[Room], names: list[str]) -> list[Room]:
    return [room for room in rooms if not names or room.name in names]


def summary(outcomes: list[Outcome]) -> int:
    print("\nZeit je Raum:")
    for outcome in sorted(outcomes, key=lambda o: -o.seconds):
        mark = "✔" if outcome.returncode == 0 else "✘"
        print(f"  {mark} {outcome.room.name:<16}{outcome.seconds:6.0f} s{counted(outcome.room)}")
    passed, failed, skipped = (
        sum(column) for column in zip(*(Reports(RESULTS).counts(o.room.name) for o in outcomes), strict=True)
    )
    for test in (test for outcome in outcomes for test in outcome.unsteady):
        print(f"  ⚠ brauchte einen zweiten Anlauf: {test}")
    broken = [o.room.name for o in outcomes if o.returncode != 0]
    if broken:
        print(f"Gescheitert: {', '.join(broken)}")
    if passed + failed:
        print(f"{passed} passed, {failed} failed, {skipped} skipped")
    return 1 if broken else 0


def main() -> int:
    kind, *names = sys.argv[1:] or ["test"]
    RESULTS.mkdir(exist_ok=True)
    Reports(RESULTS).clear()
    if kind == "lint":
        return summary(run_side_by_side(chosen(LINTERS, names)))
    return summary([second_turn(outcome) for outcome in run_side_by_side(chosen(TESTS, names))])


if __name__ == "__main__":
    sys.exit(main())
