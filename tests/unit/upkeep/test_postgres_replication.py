"""Who counts as the primary, what is told, and the password's verifier."""

from __future__ import annotations

from base64 import b64decode
from dataclasses import replace

from upkeep.ports.postgres import Connection, PostgresPrograms
from upkeep.postgres.replication.judgement import Limits, judge
from upkeep.postgres.replication.members import Member, Silent
from upkeep.postgres.replication.preparation import verifier

NOBODY = PostgresPrograms(Connection("db1", "upkeep"))
DB1 = Member("db1:5432", NOBODY, "7", False, 1, 5000, 5000, False, 0.0, 1)
DB2 = replace(DB1, place="db2:5432", standby=True, streaming=True)
MEGABYTE = 1024 * 1024


def test_one_primary_and_a_standby_close_behind_is_good() -> None:
    told = judge([DB1, replace(DB2, replayed=4990)], [], Limits())
    assert not told.findings
    assert told.message == "db1:5432 ist Primärserver, es folgen: db2:5432 (10 Byte zurück)."


def test_an_old_primary_does_not_count() -> None:
    promoted = replace(DB2, standby=False, timeline=2)
    told = judge([DB1, promoted], [], Limits())
    assert told.primary == promoted
    assert told.findings[0].startswith("db1:5432 nimmt auch Änderungen an (Zeitlinie 1, db2:5432 hat 2)")


def test_of_fresh_servers_the_first_is_the_primary_and_a_used_one_wins() -> None:
    fresh = [replace(DB1, place=place, cluster=place, databases=0) for place in ("a:5432", "b:5432")]
    assert judge(fresh, [], Limits()).primary == fresh[0]
    assert [one.place for one in judge(fresh, [], Limits()).others] == ["b:5432"]
    assert judge([*fresh, DB1], [], Limits()).primary == DB1


def test_what_is_wrong_with_a_standby_is_told() -> None:
    wrong = {
        "Replik eines anderen": replace(DB2, cluster="8"),
        "empfängt nichts von db1:5432": replace(DB2, streaming=False),
        "70 MB zurück (Grenze 64 MB)": replace(DB2, replayed=DB1.received - 70 * MEGABYTE),
        "90 s zurück (Grenze 60 s)": replace(DB2, replayed=4000, age=90.0),
    }
    for words, standby in wrong.items():
        assert words in judge([DB1, standby], [], Limits()).message
    assert not judge([DB1, replace(DB2, age=9999.0)], [], Limits()).findings, "nothing new is no delay"


def test_silent_servers_and_no_primary_are_told() -> None:
    told = judge([DB2], [Silent("db1:5432", "keine Antwort")], Limits()).message
    assert "db1:5432 antwortet nicht (keine Antwort)." in told
    assert "postgres_failover.yml" in told


def test_the_verifier_is_that_of_rfc_7677() -> None:
    made = verifier("pencil", b64decode("W22ZaJ0SNY7soEsUEjb6gQ=="))
    assert made == (
        "SCRAM-SHA-256$4096:W22ZaJ0SNY7soEsUEjb6gQ==$WG5d8oPm3OtcPnkdi4Uo7BkeZkBFzpcXkuLmtbsT4qY="
        ":wfPLwcE6nTWhTAmQ7tl2KeoiWGPlZqQxSrmfPwDl2dU="
    )
