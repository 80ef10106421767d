"""Results of finished steps, so that a killed run goes on where it stopped."""

from __future__ import annotations

import hashlib
import json
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Any

from bench.machine import ROOT, Circumstances
from workshop.progress import say

COVER = "run.json"


class Notebook:
    """One folder; a step is one file in it. It is about one state of the work tree: with another it begins anew."""

    def __init__(self, folder: Path, state: str) -> None:
        self.folder = folder
        self.state = state

    def open(self, fresh: bool = False) -> None:
        """Go on with what is there, or begin (with `fresh` in any case)."""
        cover = self._read(COVER)
        if cover and cover["state"] == self.state and not fresh:
            return say(f"Weiter mit {len(list(self.folder.glob('*.json'))) - 1} fertigen Schritten aus {self.folder}")
        shutil.rmtree(self.folder, ignore_errors=True)
        seen = asdict(Circumstances.now())
        self._write(COVER, {"state": self.state, "seen": {**seen, "moment": seen["moment"].isoformat()}})
        return None

    def close(self) -> None:
        """All is done: the next run begins anew. The results stay, for who wants to look."""
        self._write(COVER, {**self._read(COVER), "state": ""})

    @property
    def seen(self) -> Circumstances:
        """Where and when the first step was taken."""
        seen = self._read(COVER)["seen"]
        return Circumstances(**{**seen, "moment": datetime.fromisoformat(seen["moment"])})

    def step(self, name: str, work: Callable[[], Any]) -> Any:
        """The result (JSON) of a step, from the notebook if it was done before."""
        done = self._read(f"{name}.json")
        if done:
            return done["result"]
        result = work()
        self._write(f"{name}.json", {"result": result})
        return result

    def _read(self, name: str) -> Any:
        file = self.folder / name
        return json.loads(file.read_text(encoding="utf-8")) if file.exists() else {}

    def _write(self, name: str, content: Any) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        draft = self.folder / f"{name}.new"
        draft.write_text(json.dumps(content), encoding="utf-8")
        draft.replace(self.folder / name)


def state_of_work_tree() -> str:
    """Changes with every commit and every edit, but not with pages that were generated."""
    commands = (["rev-parse", "HEAD"], ["diff", "HEAD", "--", ".", ":!docs/messungen"])
    said = [subprocess.run(["git", *words], cwd=ROOT, capture_output=True, check=True).stdout for words in commands]
    return hashlib.sha256(b"\0".join(said)).hexdigest()
