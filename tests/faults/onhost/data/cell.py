"""One cell of the second book: a backup, a restore, its undoing, a trial or an update that saves, disturbed at one
moment, then judged. Prints one line of JSON.

`python3 -m onhost.data.cell fill|shoot|judge|all JOB`; `shoot` and `judge` as in the first book.
"""

from __future__ import annotations

import functools
import json
import sys
import time
from typing import Any

from onhost import cell, judge, talk
from onhost.agent import COURSE, DONE, ORDER, fill_disk
from onhost.data import stock, verdict, writers
from onhost.data.agent import mend_network

LIMIT = 60.0  # seconds until everything is as before, from the agent's return
WENT = ("updated", "unchanged")
Json = dict[str, Any]


def set_stage(job: Json) -> None:
    """The data as the scene wants to find them."""
    writers.ACKNOWLEDGED.unlink(missing_ok=True)
    if job["operation"] == "restore":
        stock.forget_kept()
        _make_today()
        stock.remember(other=stock.known()["then"])
    elif job["operation"] == "undo" and not list((judge.DATA / "restores").glob("*/kept.json")):
        _make_today()
        stock.remember(other=stock.look())
        report = talk.do("restore", 240, backup=stock.known()["backup"])
        assert report["result"] == "updated", report


def _make_today() -> None:
    if stock.look()["mongo"]["side"] != stock.NOW:
        stock.change()


def shoot(job: Json) -> Json:
    """Begin the run; with a point, wait until something was done there."""
    for file in (DONE, ORDER):
        file.unlink(missing_ok=True)
    set_stage(job)
    COURSE.unlink(missing_ok=True)
    if job["operator"]:
        talk.maintenance(on=True)
    known = judge.state()
    target = next((name for name in job["targets"] if name != known["release"]["version"]), None)
    if job["point"] == "vorher":
        fill_disk()
    elif job["point"]:
        ORDER.write_text(json.dumps({name: job[name] for name in ("point", "deed", "delay")}), encoding="utf-8")
    begun: Json = {"old": known["release"], "target": target, "states": verdict.states(), "before": stock.look()}
    begun["newest"] = max((file.stem for file in (judge.DATA / "runs").glob("*.json")), default="")
    begun["writing"] = writers.Writers(job["writes"]) if job["writes"] else None
    time.sleep(0.3 if job["writes"] else 0)
    status, answer = talk.begin(job["operation"], _options(job, target))
    begun |= {"run": answer.get("run"), "refusal": answer.get("error") if status else None}
    cell.BEGUN.write_text(json.dumps({**begun, "writing": None}), encoding="utf-8")
    if job["point"] and not begun["refusal"]:
        talk.until(lambda: DONE.exists() or _over(begun), cell.END_LIMIT, every=0.02)
    return begun


def _options(job: Json, target: str | None) -> Json:
    if job["operation"] == "restore":
        return {"backup": stock.known()["backup"]}
    return {"to": target, "force": True} if job["operation"] == "update" else {}


def _over(begun: Json) -> bool:
    if not begun["run"] or not talk.ended(begun["run"]):
        return False
    ORDER.unlink(missing_ok=True)
    return True


def conclude(job: Json, writing: writers.Writers | None) -> Json:
    begun = json.loads(cell.BEGUN.read_text(encoding="utf-8"))
    hit = DONE.stat().st_ctime if DONE.exists() else None
    talk.until(talk.agent_answers, 90)
    back = time.time()
    report = _report(begun)
    ended = time.time()
    if writing:
        writing.stop()
    ballast = judge.DATA / "ballast"
    if ballast.exists():  # room again; that there was none is rightly told until the next run
        ballast.write_bytes(b"")
    was_cut = mend_network()
    good = report.get("result") in WENT
    found, well = verdict.lasting(functools.partial(_problems, job, begun, report, good), max(back, ended) + LIMIT)
    since = well - (back if job["deed"] in ("agent", "power") else ended)
    if job["deed"] in ("agent", "power") and since > LIMIT and job["point"]:
        found.append(f"Erst {since:.0f} s nach der Rückkehr des Agenten ist alles wie vorher")
    if job["point"] and not hit and job["point"] != "vorher":
        found.append(f"Der Augenblick {job['point']} kam nicht")
    if job["broken"] and good:
        found.append("Eine kaputte Version gilt als Erfolg")
    if job["deed"] == "net" and hit and not was_cut:
        found.append("Das Netz war nicht getrennt")
    deaf = ended - hit if hit and job["deed"] == "net" else 0.0
    if deaf > job["patience"]:
        found.append(f"Erst {deaf:.0f} s nach dem Abreißen der Verbindung zu Ende")
    seconds = {"seconds_away": round(back - hit, 2) if hit else None, "seconds_to_prior": round(deaf or since, 2)}
    return {
        "result": report.get("result"),
        "message": report.get("message", ""),
        "run": begun["run"],
        "seconds_of_run": round(ended - back, 2),
        **seconds,
        "acknowledged": {kind: len(told) for kind, told in writers.acknowledged().items()},
        "problems": found,
    }


def _report(begun: Json) -> Json:
    if begun["refusal"]:
        return {"result": "refused", "message": begun["refusal"]}
    later = sorted(file.stem for file in (judge.DATA / "runs").glob("*.json") if file.stem > begun["newest"])
    run = begun["run"] or (later[0] if later else None)
    if run is None:
        return {"result": None, "message": "Der Auftrag wurde nicht angenommen."}
    begun["run"] = run
    return talk.finished(run, cell.END_LIMIT + LIMIT) or {"result": "endlos", "message": f"{run} endet nicht"}


def _problems(job: Json, begun: Json, report: Json, good: bool) -> list[str]:
    new = good and job["operation"] == "update"
    version = begun["target"] if new else begun["old"]["version"]
    digest = (report.get("to") or {}).get("digest") if new else begun["old"]["digest"]
    moved = good and job["operation"] in ("restore", "undo")
    expected = stock.known()["other"] if moved else begun["before"]
    return [
        *judge.problems(str(version), str(digest), job["services"], job["operator"]),
        *verdict.differing(begun["states"], job["deed"] if job["point"] else ""),
        *verdict.data(expected, exactly=not job["writes"]),
        *verdict.orphans(),
    ]


def settle(job: Json, answer: Json) -> list[str]:
    """Nobody touches anything, and the next run works. What was written down of this one is true."""
    if job["operator"]:
        talk.maintenance(on=False)
    if job["operation"] in ("restore", "undo") and answer["result"] in WENT:
        stock.remember(other=json.loads(cell.BEGUN.read_text(encoding="utf-8"))["before"])
    (judge.DATA / "ballast").unlink(missing_ok=True)
    again = talk.do(job["next"], 240)
    found = [] if again["result"] in WENT else [f"{job['next']} danach: {again['result']}: {again['message']}"]
    if job["operation"] == "backup" and answer["run"]:
        found += verdict.listed(answer["run"], answer["result"] in WENT, job["deed"] == "net")
    look = functools.partial(_at_rest, job)
    return found + verdict.lasting(look, time.time() + 5)[0] + verdict.locks()


def _at_rest(job: Json) -> list[str]:
    return [*judge.at_rest(), *verdict.orphans()]


def course() -> tuple[list[str], list[float]]:
    """Moments, and when each was."""
    lines = [line.partition(" ") for line in cell.course()]
    return [point for _, _, point in lines], [float(at) for at, _, _ in lines]


def fill(job: Json) -> Json:
    """After the first deploy: „damals“, and a backup of it."""
    stock.fill(job["kinds"], job["volumes"])
    report = talk.do("backup", 240)
    stock.remember(backup=report.get("id"))
    return {"result": report["result"], "problems": [] if report["result"] == "updated" else [report["message"]]}


def play(verb: str, job: Json) -> Json:
    if verb == "fill":
        return fill(job)
    begun = shoot(job) if verb in ("shoot", "all") else {}
    if verb == "shoot":
        return {"problems": []}
    answer = conclude(job, begun.get("writing"))
    if not job["point"]:
        answer["course"], answer["times"] = course()
    if not answer["problems"]:
        answer["problems"] = settle(job, answer)
    return answer


if __name__ == "__main__":
    print(json.dumps(play(sys.argv[1], json.loads(sys.argv[2]))))
