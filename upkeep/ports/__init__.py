"""The outside world of the domain, as one bundle that tests replace piece by piece."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from upkeep.layout import StackPaths
from upkeep.ports.clock import Clock, SystemClock
from upkeep.ports.collections import Collections, PyCollections
from upkeep.ports.compose import Compose, ComposeRunner
from upkeep.ports.databases import ContainerDatabases, Databases
from upkeep.ports.docker import Docker, SdkDocker
from upkeep.ports.files import DiskFiles, Files
from upkeep.ports.gate import Gate, RuntimeGate
from upkeep.ports.mongo import Mongo, PyMongo
from upkeep.ports.neighbours import Neighbours, SdkNeighbours
from upkeep.ports.notify import Messenger, Notify
from upkeep.ports.probe import HttpProbe, Probe
from upkeep.ports.programs import HostPrograms, Programs
from upkeep.ports.registry import HttpRegistry, Registry
from upkeep.ports.restic import Restic, ResticProgram, Target
from upkeep.ports.sockets import HostPorts, Sockets
from upkeep.ports.stores import DiskStores, Stores
from upkeep.ports.trial_database import PyTrialDatabase, TrialDatabase
from upkeep.ports.unpacking import TarProgram, Unpacking


def _runtime_gate(paths: StackPaths) -> Gate:
    return RuntimeGate(paths.gate_socket)


@dataclass(frozen=True)
class Ports:
    """`gate` makes the port of one stack's gate, `restic` that of one repository, with a directory for its cache."""

    docker: Docker = field(default_factory=SdkDocker)
    compose: Compose = field(default_factory=ComposeRunner)
    probe: Probe = field(default_factory=HttpProbe)
    mongo: Mongo = field(default_factory=PyMongo)
    collections: Collections = field(default_factory=PyCollections)
    databases: Databases = field(default_factory=ContainerDatabases)
    registry: Registry = field(default_factory=HttpRegistry)
    clock: Clock = field(default_factory=SystemClock)
    files: Files = field(default_factory=DiskFiles)
    sockets: Sockets = field(default_factory=HostPorts)
    programs: Programs = field(default_factory=HostPrograms)
    neighbours: Neighbours = field(default_factory=SdkNeighbours)
    stores: Stores = field(default_factory=DiskStores)
    trial_database: TrialDatabase = field(default_factory=PyTrialDatabase)
    unpacking: Unpacking = field(default_factory=TarProgram)
    notify: Notify = field(default_factory=Messenger)
    restic: Callable[[Target, Path], Restic] = ResticProgram
    gate: Callable[[StackPaths], Gate] = _runtime_gate
