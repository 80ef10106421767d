"""Screens beside the browser that follow the live updates, as the page does, in a thread of their own."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from bench.devices import Device, connected
from tests.e2e.site import Site
from tests.e2e.visitor import cookie


@contextmanager
def following(site: Site, count: int) -> Iterator[list[Device]]:
    """`count` of them, live through the gate when the block begins; they come back by themselves until it ends."""
    session = cookie(site)
    devices = [Device(lambda: site.url, site.url, session) for _ in range(count)]
    loop, are_live, is_over = asyncio.new_event_loop(), threading.Event(), asyncio.Event()

    async def follow() -> None:
        async with connected(devices):
            are_live.set()
            await is_over.wait()

    thread = threading.Thread(target=loop.run_until_complete, args=(follow(),))
    thread.start()
    try:
        assert are_live.wait(60), "nicht alle Bildschirme sind live"
        yield devices
    finally:
        loop.call_soon_threadsafe(is_over.set)
        thread.join()
        loop.close()


def await_all(devices: list[Device], so: Callable[[Device], bool], what: str, within: float = 60) -> None:
    deadline = time.monotonic() + within
    while not all(so(device) for device in devices):
        assert time.monotonic() < deadline, f"nach {within:.0f} s nicht bei allen: {what}"
        time.sleep(0.05)
