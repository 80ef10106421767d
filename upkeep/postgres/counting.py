"""Rows per table: as one snapshot of the database sees them, and as a restored database has them."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from subprocess import Popen
from typing import IO

from upkeep.ports.postgres import PostgresPrograms, Rows, StatementFailed

# One SELECT per table; psql's \gexec runs them in the same session.
_COUNTS = r"""SELECT format('SELECT %L, count(*) FROM ONLY %I.%I', n.nspname || '.' || c.relname, n.nspname, c.relname)
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind = 'r' AND c.relpersistence <> 't' AND n.nspname NOT LIKE 'pg\_%' AND n.nspname <> 'information_schema'
  AND NOT EXISTS (SELECT FROM pg_depend x
                  WHERE x.classid = 'pg_class'::regclass AND x.objid = c.oid AND x.deptype = 'e')
ORDER BY 1 \gexec
"""
_SNAPSHOT = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY;\nSELECT pg_export_snapshot();\n"
_END = "--Ende--"
Counts = dict[str, int]


@dataclass(frozen=True)
class Snapshot:
    """`name` is what pg_dump takes for --snapshot; `counts` are the rows it will find."""

    name: str
    counts: Counts


@contextmanager
def snapshot(programs: PostgresPrograms, database: str) -> Iterator[Snapshot]:
    """A view of the database that stays the same until the block ends."""
    with programs.session(database) as child:
        rows = _converse(child, _SNAPSHOT + _COUNTS, database)
        yield Snapshot(rows[0][0], _counts(rows[1:]))


def count(programs: PostgresPrograms, database: str) -> Counts:
    return _counts(programs.query(_COUNTS, database))


def differences(wanted: Counts, found: Counts) -> list[str]:
    """Empty when the same tables have the same numbers of rows."""
    tables = sorted(wanted.keys() | found.keys())
    return [
        f"{table}: {found.get(table, 'fehlt')} statt {wanted.get(table, 'keine Tabelle')}"
        for table in tables
        if wanted.get(table) != found.get(table)
    ]


def _converse(child: Popen[str], sql: str, database: str) -> Rows:
    assert child.stdin is not None and child.stdout is not None and child.stderr is not None  # noqa: S101, PT018 - asked for
    child.stdin.write(f"{sql}\\echo {_END}\n")
    child.stdin.flush()
    lines = list(_until_end(child.stdout))
    if lines and lines[-1] == _END:
        return list(csv.reader(lines[:-1]))
    raise StatementFailed(f"„{database}“ lässt sich nicht lesen", observed=" ".join(child.stderr.read().split()))


def _until_end(stream: IO[str]) -> Iterator[str]:
    for line in stream:
        yield line.rstrip("\n")
        if line.rstrip("\n") == _END:
            return


def _counts(rows: Rows) -> Counts:
    return {table: int(number) for table, number in rows}
