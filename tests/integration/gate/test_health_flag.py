"""For balancers of others: the health path says no while the flag is set, everybody else is served on."""

from __future__ import annotations

from pathlib import Path

import ansible.module_utils

ROOT = Path(__file__).resolve().parents[3]
if str(ROOT / "module_utils") not in ansible.module_utils.__path__:
    ansible.module_utils.__path__.append(str(ROOT / "module_utils"))

from ansible.module_utils.upkeep_balancing.drains import Drains  # noqa: E402
from ansible.module_utils.upkeep_balancing.flag import HealthFlag  # noqa: E402
from ansible.module_utils.upkeep_balancing.rotation import Rotation, Wish  # noqa: E402

from tests.integration.gate.gate import Stand, eventually  # noqa: E402


def test_the_flag_turns_health_checks_away_and_survives_a_restart(gate: Stand, tmp_path: Path) -> None:
    flag = HealthFlag("probe")
    flag.path, flag.file = str(gate.folder / "run" / "admin.sock"), gate.folder / "gate" / "maps" / "fleet.map"
    rotation = Rotation(Drains(flag, tmp_path, lambda _: 0))
    wish = Wish("probe", "fleet:1")
    rotation.act(wish, "drained", rotation.plan(wish, "drained"))
    refused = gate.get("/api/health")
    assert (refused.status_code, refused.json()["code"]) == (503, "drained")
    assert gate.get("/echo").status_code == 200

    gate.containers["gate"].restart(timeout=1)
    eventually(gate.runtime.answers, what="das Gate antwortet")
    eventually(lambda: gate.is_up("app-1"), what="app-1 ist bereit")
    assert gate.get("/api/health").status_code == 503
    assert not rotation.plan(wish, "drained").act

    rotation.act(wish, "ready", rotation.plan(wish, "ready"))
    assert gate.get("/api/health").status_code == 200
