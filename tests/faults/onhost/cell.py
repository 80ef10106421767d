"""One cell of a matrix: a run, disturbed at one moment, then judged. Prints one line of JSON.

`python3 -m onhost.cell shoot JOB` begins the run and waits until the deed was done, `judge JOB` waits for the run's end
and says what is not sound, `all JOB` does both. What `judge` must know of `shoot` lies in begun.json, as a host may
reboot in between.
"""

from __future__ import annotations

import functools
import json
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from onhost import judge, moves, talk
from onhost.agent import COURSE, DONE, ORDER, PLACE

BEGUN = PLACE / "begun.json"
SERVING_LIMIT = 30.0
END_LIMIT = 120.0
RECOVERED = 11.0  # seconds; what has run for ten, Docker starts at once when it is killed, else ever later
WAITING = "Abweichung: compose.yml wurde geändert, aber noch nicht ausgerollt"
OLD = ("rolled_back", "failed", "refused", "unchanged", None)
Json = dict[str, Any]


def shoot(job: Json) -> Json:
    """Begin the run; with a point, wait until it was reached."""
    known = moves.running_by_hand(job["version"]) if job["operation"] == "adopt" else judge.state()["release"]
    if job["deed"] == "gate":  # one kill, as it happens, not one of a row of them
        talk.until(lambda: judge.gate_age() > RECOVERED, 2 * RECOVERED, every=0.5)
    if job["operator"]:
        talk.maintenance(on=True)
    judge.forget_images()
    target = _target(job, judge.state()) if job["operation"] == "update" else None
    _set(job)
    for file in (DONE, COURSE, ORDER):
        file.unlink(missing_ok=True)
    if job["point"]:
        ORDER.write_text(json.dumps({"point": job["point"], "deed": job["deed"]}), encoding="utf-8")
    newest = max(_runs(), default="")
    options = job["options"] | ({"to": target, "force": True} if target else {})
    _, answer = talk.begin(job["operation"], options)
    version = known["version"] if job["service"] or not target else target
    begun = {"old": known, "version": version, "run": answer.get("run")}
    begun |= {"refusal": answer.get("error"), "newest": newest}
    BEGUN.write_text(json.dumps(begun), encoding="utf-8")
    if job["point"] and not begun["refusal"]:
        talk.until(lambda: DONE.exists() or (begun["run"] and talk.ended(begun["run"])), END_LIMIT, every=0.02)
    return begun


def _set(job: Json) -> None:
    """The scene's files, as it wants to find them."""
    for name in job["touched"]:
        _touch(judge.HOME / name)
    for name, content in job["placed"].items():
        (judge.HOME / name).write_text(content, encoding="utf-8")
    for name in job["damaged"]:
        (judge.DATA / name).write_text("{", encoding="utf-8")
        judge.stop_slots()


def _runs() -> list[str]:
    return sorted(file.stem for file in (judge.DATA / "runs").glob("*.json"))


def _target(job: Json, known: Json) -> str:
    """The first that does not run already; a database is known by the name it was ordered by."""
    names = known["references"]
    running = names.get("database") or names.get("mongodb") if job["service"] else known["release"]["version"]
    return next(str(name) for name in job["targets"] if name != str(running).rpartition(":")[2])


def _touch(file: Path) -> None:
    """Another content that means the same: secrets are any text, configuration gets a comment."""
    kept = [] if file.parent.name == "secrets" else file.read_text(encoding="utf-8").splitlines()
    kept = [line for line in kept if not line.startswith("# Stand ")]
    file.write_text("\n".join([*kept, f"# Stand {time.time()}"]) + "\n", encoding="utf-8")


def conclude(job: Json, callers: talk.Callers | None) -> Json:
    """Wait for the run's end and for service; then everything must be as it should."""
    begun = json.loads(BEGUN.read_text(encoding="utf-8"))
    hit = DONE.stat().st_ctime if DONE.exists() else None
    talk.until(talk.agent_answers, 60)
    back = time.time()
    report = _report(begun)
    new = report.get("result") not in OLD
    if job["damaged"] and not new:
        talk.do("repair")
    version = begun["version"] if new else begun["old"]["version"]
    wanted = (report.get("to") or {}).get("digest") if new else begun["old"]["digest"]
    moved = _moved(job, begun, new)
    if moved is not None:
        found, serving = moved, 0.0
    elif judge.stays_closed():
        found = (
            judge.closed_problems(job["operator"])
            if job["stays_closed"]
            else ["Das Gate blieb nach dem Lauf geschlossen"]
        )
        serving = 0.0
    else:
        served = talk.until(lambda: judge.slots_serve(version) and _open(job, version), SERVING_LIMIT)
        late = time.time() if not served or not callers or job["operator"] else callers.last_bad()
        serving = max(0.0, late - back)
        services = job["services_after" if new else "services"]
        look = functools.partial(judge.problems, version, str(wanted), services, job["operator"])
        found = _lasting(look, back + SERVING_LIMIT) if served else [_silent(version)]
        late_back = served and serving > SERVING_LIMIT and job["point"] and job["deed"] != "disk"
        found += [f"{serving:.0f} s bis zur letzten Lücke"] if late_back else []
    if job["operation"] == "deploy" and not new:  # what Ansible placed still waits for the next deploy
        found = [problem for problem in found if not problem.startswith(WAITING)]
    if job["operation"] == "adopt" and new:
        found += moves.taken_over(begun["old"])
    if job["broken"] and new:
        found.append("Eine kaputte Version gilt als Erfolg")
    if job["point"] and not hit:
        found.append(f"Der Augenblick {job['point']} kam nicht")
    return {
        "result": report.get("result"),
        "message": report.get("message", ""),
        "reason": report.get("reason", ""),
        "last_logs": report.get("last_logs", [])[-3:],
        "phases": [phase["name"] for phase in report.get("phases", [])],
        "seconds_away": round(back - hit, 2) if hit else None,
        "seconds_to_serving": round(serving, 2),
        "problems": found,
    }


def _moved(job: Json, begun: Json, new: bool) -> list[str] | None:
    """Where there is no stack that could serve afterwards: what is wrong with that."""
    deadline = time.time() + SERVING_LIMIT
    if job["operation"] == "remove" and new:
        return _lasting(moves.gone, deadline)
    if job["operation"] == "adopt" and not new:
        return _lasting(functools.partial(moves.given_back, begun["old"]), deadline)
    return None


def _lasting(look: Callable[[], list[str]], deadline: float) -> list[str]:
    """What is still wrong when the time to come back is over: Docker or the gate may just be starting."""
    found = look()
    while found and time.time() < deadline:
        time.sleep(1)
        found = look()
    return found


def _report(begun: Json) -> Json:
    """Of a run that was taken on; who was shot before that has answered nobody and begun nothing."""
    if begun["refusal"]:
        return {"result": "refused", "message": begun["refusal"], "reason": begun["refusal"]}
    run = begun["run"] or next((name for name in reversed(_runs()) if name > begun["newest"]), None)
    if run is None:
        return {"result": None, "message": "Der Auftrag wurde nicht angenommen."}
    return talk.finished(run, END_LIMIT) or {"result": None, "message": f"{run} endet nicht"}


def _open(job: Json, version: str) -> bool:
    status, release, _ = talk.get("127.0.0.1", 80)
    return status == 503 if job["operator"] else (status, release) == (200, version)


def _silent(version: str) -> str:
    return f"{SERVING_LIMIT:g} s nach der Rückkehr des Agenten antwortet {version} nicht"


def settle(job: Json) -> list[str]:
    """Afterwards: the operator opens where he had shut; where he had not, a deploy finds nothing to do, or fails again
    at files that are no good."""
    (judge.DATA / "ballast").unlink(missing_ok=True)
    if job["operator"]:
        talk.maintenance(on=False)
        return []
    again = talk.do("deploy")
    if job["operation"] == "deploy" and again["result"] == "updated":
        again = talk.do("deploy")
    expected = "rolled_back" if job["operation"] == "deploy" and job["broken"] else "unchanged"
    return [] if again["result"] == expected else [f"Ein Deploy danach: {again['result']}: {again['message']}"]


def course() -> list[str]:
    return COURSE.read_text(encoding="utf-8").splitlines() if COURSE.exists() else []


def main() -> None:
    verb, job = sys.argv[1], json.loads(sys.argv[2])
    callers = talk.Callers(job["pause"]) if verb == "all" else None
    if callers:
        callers.start()
    answer: Json = shoot(job) if verb in ("shoot", "all") else {}
    if verb in ("judge", "all"):
        answer = conclude(job, callers)
        if callers:
            callers.stop()
            answer["answers"] = callers.counts()
        if not job["point"]:
            answer["course"] = course()
        if not answer["problems"] and not judge.stays_closed() and judge.own():
            answer["problems"] = settle(job)
    print(json.dumps(answer))


if __name__ == "__main__":
    sys.exit(main())
