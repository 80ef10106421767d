"""What an order would do, for whoever asks before (check mode, `--plan`). Writes nothing."""

from __future__ import annotations

from typing import Any

from upkeep.adoption import decide as adoption
from upkeep.agent.order import Order
from upkeep.backup import foresight as backups
from upkeep.layout import Layout
from upkeep.memory.journal import Operation
from upkeep.memory.repair import judge
from upkeep.phases.decide import refuse_at_once
from upkeep.plans import planning
from upkeep.plans.situation import Situation
from upkeep.ports import Ports
from upkeep.restore import foresight
from upkeep.restore import story as restores
from upkeep.stories import removal


def foresee(layout: Layout, ports: Ports, stack: str, order: Order) -> dict[str, Any]:
    """{"changed", "diff", "steps", "message"}, and what an operation adds to that."""
    if order.operation is Operation.REMOVE:
        return removal.answer(layout.paths(stack), ports, order.options)
    if order.operation is Operation.ADOPT:
        return adoption.answer(layout.paths(stack), ports, order.options)
    paths = layout.stack(stack)
    if order.operation is Operation.REPAIR:
        return judge(paths, ports).answer()
    if order.operation in backups.OF:
        return backups.OF[order.operation](paths, ports, order.options)
    if order.operation in restores.OPERATIONS:
        return foresight.of_restore(paths, ports, order.operation, order.options)
    situation = Situation.read(paths, ports, order.options)
    refuse_at_once(situation, order.operation)
    if order.operation is Operation.CHECK:
        return {"changed": False, "diff": {"before": "", "after": ""}, "steps": [], "message": "Prüfung"}
    return planning.make(situation, order.operation).answer()
