"""Databases of a MongoDB in mongodump's archive format: dumped consistently while they are written to, checked, loaded
beside the live data and switched over. Knows nothing of runs.

Importing it imports pymongo, which is dear: do so where it is needed.
"""

from upkeep.mongo_archive.aside import is_aside, of_restore, old, staged
from upkeep.mongo_archive.catalogue import LeftOut
from upkeep.mongo_archive.checking import CheckReport, check
from upkeep.mongo_archive.dumping import dump
from upkeep.mongo_archive.failures import (
    ArchiveDamaged,
    DumpRefused,
    DumpSpoiled,
    SinkFailed,
    StageFailed,
    StageRefused,
    SwitchFailed,
)
from upkeep.mongo_archive.reading import Closed, Documents, Prelude, read
from upkeep.mongo_archive.report import DumpedCollection, DumpReport, dump_report
from upkeep.mongo_archive.staging import StagedCollection, StageReport, stage
from upkeep.mongo_archive.switching import Move, drop, exchange, is_done, switch, undo
from upkeep.mongo_archive.views import View, set_views, views_of

__all__ = [
    "ArchiveDamaged",
    "CheckReport",
    "Closed",
    "Documents",
    "DumpRefused",
    "DumpReport",
    "DumpSpoiled",
    "DumpedCollection",
    "LeftOut",
    "Move",
    "Prelude",
    "SinkFailed",
    "StageFailed",
    "StageRefused",
    "StageReport",
    "StagedCollection",
    "SwitchFailed",
    "View",
    "check",
    "drop",
    "dump",
    "dump_report",
    "exchange",
    "is_aside",
    "is_done",
    "of_restore",
    "old",
    "read",
    "set_views",
    "stage",
    "staged",
    "switch",
    "undo",
    "views_of",
]
