"""Visits are remembered only while their end would be heard of."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from lager.accounts.memory import AT_MOST, Memory, Noted, Visit
from lager.accounts.model import Role, User

NOW = datetime(2026, 11, 20, 14, tzinfo=UTC)
LATER = NOW + timedelta(minutes=10)


def noted(session_id: str, user_id: str = "petra") -> Noted:
    user = User(user_id, user_id, user_id.title(), Role.READ, is_active=True, version=1, last_sign_in=None)
    return Noted(Visit(user, session_id), LATER)


def remembering(*known: Noted) -> Memory:
    memory = Memory(lambda: True)
    for one in known:
        memory.note(one, memory.mark)
    return memory


def test_a_visit_is_known_until_its_session_has_to_be_looked_at_again() -> None:
    memory, one = remembering(noted("a")), noted("a").visit
    assert memory.recall("a", NOW) == one
    assert memory.recall("a", LATER) is None
    assert memory.recall("b", NOW) is None


def test_nothing_is_recalled_or_noted_while_nobody_tells() -> None:
    told = True
    memory = Memory(lambda: told)
    memory.note(noted("a"), memory.mark)
    told = False
    memory.note(noted("b"), memory.mark)
    assert memory.recall("a", NOW) is None
    told = True
    assert memory.recall("b", NOW) is None


def test_an_ended_session_is_forgotten_and_others_stay() -> None:
    memory = remembering(noted("a"), noted("b"))
    memory.forget("a")
    assert memory.recall("a", NOW) is None
    assert memory.recall("b", NOW) is not None


def test_a_changed_user_is_looked_up_again_on_all_devices() -> None:
    memory = remembering(noted("a"), noted("b"), noted("c", "karl"))
    memory.forget_user("petra")
    assert [memory.recall(key, NOW) is None for key in "abc"] == [True, True, False]


def test_what_ends_during_the_lookup_makes_its_answer_worthless() -> None:
    memory = remembering()
    mark = memory.mark
    memory.forget("a")
    memory.note(noted("a"), mark)
    assert memory.recall("a", NOW) is None


def test_a_new_stream_begins_with_nothing() -> None:
    memory = remembering(noted("a"))
    memory.forget_all()
    assert memory.recall("a", NOW) is None


def test_memory_is_bounded() -> None:
    memory = remembering(*(noted(str(number)) for number in range(AT_MOST + 1)))
    assert memory.recall("0", NOW) is None
    assert memory.recall(str(AT_MOST), NOW) is not None
