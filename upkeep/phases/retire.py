"""After the commit: what only the slots before were started with lets nobody in any more. Again is fine."""

from __future__ import annotations

from dataclasses import replace

from upkeep import unused_secrets
from upkeep.errors import UpkeepError
from upkeep.memory import state
from upkeep.phases.database import address_of, keyfile_of
from upkeep.plans.accounts import superseded, without
from upkeep.ports.clock import moment
from upkeep.runs.run import Run
from upkeep.tickets.ticket import LONGEST_LIFE, SKEW


def retire_accounts(run: Run) -> None:
    """One that cannot be dropped stays in the state, and the next run drops it."""
    known, mongodb = state.load(run.paths), run.policy.mongodb
    names = superseded(run.policy, known.hashes)
    if mongodb is None or not names:
        return
    try:
        run.ports.mongo.drop_accounts(address_of(run), keyfile_of(run.policy), mongodb.name, names)
    except UpkeepError as exc:
        step = f"`ansible-playbook playbooks/rotate-secrets.yml -e stack={run.paths.name}` wiederholen."
        run.record.warnings.append(f"Der vorige Zugang zur Datenbank ({', '.join(names)}) gilt noch: {exc} {step}")
        return
    run.remember(replace(known, hashes=without(known.hashes, names)))


def retire_ticket_key(run: Run) -> None:
    """Not before the last ticket is over that was signed with it: the slots before had left when the watching began."""
    former = unused_secrets.former(run.paths, state.load(run.paths).release)
    begun = run.record.phase("bake")
    if begun is None or not any(file.name in former for file in run.paths.ticket_keys):
        return
    since = (run.ports.clock.now() - moment(begun.intent_at)).total_seconds()
    run.say("Tickets mit dem vorigen Schlüssel laufen ab")
    run.ports.clock.sleep(min(max(0.0, LONGEST_LIFE + SKEW - since), LONGEST_LIFE + SKEW))
