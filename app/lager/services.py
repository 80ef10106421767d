"""Everything a request may use, built once per process from the settings."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime

from lager.abandoned import Abandoned
from lager.accounts.invitations import Invitations
from lager.accounts.memory import Memory
from lager.accounts.passwords import Passwords
from lager.accounts.sessions import Sessions
from lager.accounts.throttle import Throttle
from lager.accounts.tokens import Tokens
from lager.accounts.users import Users
from lager.articles.store import Articles
from lager.bookings.chain import Sealing
from lager.bookings.history import History
from lager.bookings.stock import Stock
from lager.bookings.store import Bookings
from lager.company.store import Company
from lager.database import OWN_CONNECTIONS, Client, Database, open_client
from lager.live.live import Live
from lager.live.outbox import Outbox
from lager.locations.store import Locations
from lager.settings import Settings
from lager.system.tickets import TicketOffice
from lager.watch.metrics import Metrics
from lager.watch.performance import Performance
from lager.watch.security import SecurityEvents


def utc_now() -> datetime:
    return datetime.now(UTC)


@dataclass
class Lifecycle:
    """What this process is doing. ``drain`` is one way: a draining process only stops."""

    instance: str = field(default_factory=lambda: secrets.token_hex(8))
    started_at: datetime = field(default_factory=utc_now)
    is_prepared: bool = False  # indexes and migrations are through
    draining_since: float | None = None  # monotonic seconds

    def drain(self) -> None:
        if self.draining_since is None:
            self.draining_since = time.monotonic()

    @property
    def is_draining(self) -> bool:
        return self.draining_since is not None


@dataclass(frozen=True)
class Services:
    """The domain's stores, ready to use. Both clients connect on first use: ``client`` is for callers, ``own`` for what
    the slot does by itself and must not wait behind them (live events, what ends a session, health)."""

    settings: Settings
    lifecycle: Lifecycle
    client: Client
    own: Client
    database: Database
    abandoned: Abandoned
    outbox: Outbox
    live: Live
    sessions: Sessions
    throttle: Throttle
    users: Users
    invitations: Invitations
    articles: Articles
    locations: Locations
    bookings: Bookings
    history: History
    sealing: Sealing
    stock: Stock
    company: Company
    metrics: Metrics
    performance: Performance
    security: SecurityEvents
    tickets: TicketOffice

    async def close(self) -> None:
        try:
            await self.client.close()
        finally:
            await self.own.close()


def build_services(
    settings: Settings, now: Callable[[], datetime] = utc_now, passwords: Passwords | None = None
) -> Services:
    client = open_client(str(settings.mongodb_uri))
    own = open_client(str(settings.mongodb_uri), OWN_CONNECTIONS)
    database = client[settings.database]
    tokens = Tokens(str(settings.secret))
    memory = Memory(lambda: live.is_told)
    sessions = Sessions(database, tokens, now, memory)
    users = Users(database, passwords or Passwords(), now, memory)
    lifecycle = Lifecycle()
    live = Live(own[settings.database], lifecycle.instance, now, memory)
    outbox = Outbox(database, now, live.numbering.wake)
    metrics = Metrics(settings.version, lifecycle.instance)
    return Services(
        settings=settings,
        lifecycle=lifecycle,
        client=client,
        own=own,
        database=database,
        abandoned=Abandoned(own),
        outbox=outbox,
        live=live,
        sessions=sessions,
        throttle=Throttle(database, tokens, now),
        users=users,
        invitations=Invitations(database, tokens, users, sessions, now),
        articles=Articles(database, outbox, now),
        locations=Locations(database, outbox, now),
        bookings=Bookings(database, outbox, now),
        history=History(database),
        sealing=Sealing(own[settings.database], lifecycle.instance),
        stock=Stock(database),
        company=Company(database, outbox, now),
        metrics=metrics,
        performance=Performance(database, metrics, lifecycle.instance, settings.slot, now),
        security=SecurityEvents(database, metrics, settings.slot, now),
        tickets=TicketOffice(settings.ticket_key, settings.stack, now),
    )
