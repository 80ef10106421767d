"""What speaks against an order before anything is begun."""

from __future__ import annotations

from upkeep.agent.order import Order
from upkeep.backup import story as backups
from upkeep.errors import Refused
from upkeep.layout import StackPaths
from upkeep.memory import journal, standing
from upkeep.memory.journal import OF_BACKUPS, Operation
from upkeep.phases.decide import refuse_at_once
from upkeep.plans.situation import Situation
from upkeep.ports import Ports
from upkeep.restore import story as restores
from upkeep.stories import removal


def refuse(paths: StackPaths, ports: Ports, order: Order) -> None:
    """What needs no look at the world, unless a run cut short has to end first; a repair is for when nothing can be
    read any more. Raises Refused."""
    if order.operation is Operation.REPAIR or journal.cut_short(paths):
        return
    if order.operation is Operation.REMOVE:
        removal.deletes(order.options, paths.name)
    elif order.operation in OF_BACKUPS + restores.OPERATIONS:
        backups.wanted(paths)
        restores.refuse_at_once(paths, order.operation, order.options)
    else:
        _refuse_release(paths, ports, order)


def _refuse_release(paths: StackPaths, ports: Ports, order: Order) -> None:
    try:
        refuse_at_once(Situation.read(paths, ports, order.options), order.operation)
    except Refused as exc:
        if order.operation is Operation.DEPLOY:
            exc.next_step = f"{exc.next_step or ''}{standing.aside(paths)}".strip() or None
        raise
