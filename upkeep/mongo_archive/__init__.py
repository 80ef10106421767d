"""Databases of a MongoDB in mongodump's archive format: dumped consistently while they are written to, checked, loaded
beside the live data and switched over. Knows nothing of runs.

Importing it imports pymongo, which is dear: do so where it is needed.
"""

from upkeep.mongo_archive.catalogue import LeftOut
from upkeep.mongo_archive.checking import CheckReport, check
from upkeep.mongo_archive.dumping import dump
from upkeep.mongo_archive.failures import ArchiveDamaged, DumpRefused, DumpSpoiled, SinkFailed
from upkeep.mongo_archive.reading import Closed, Documents, Prelude, read
from upkeep.mongo_archive.report import DumpedCollection, DumpReport, dump_report

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
    "Prelude",
    "SinkFailed",
    "check",
    "dump",
    "dump_report",
    "read",
]
