"""One app with the example business and one browser for the whole session."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser

from tests.e2e.visitor import chromium
from tests.integration.app.mongod import Mongod
from tests.integration.pages.shop import COLLEAGUE, Api, Shop, built_pages


@pytest.fixture(scope="session")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    mongod = Mongod(tmp_path_factory.mktemp("mongod"))
    mongod.start()
    shop = Shop(mongod, tmp_path_factory.mktemp("lager"), built_pages())
    try:
        shop.load()
        shop.start()
        yield shop
    finally:
        shop.stop()
        mongod.stop()


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    with chromium() as browser:
        yield browser


@pytest.fixture(scope="session")
def api(shop: Shop) -> Api:
    """The example business's admin. One session for all tests: who signs in too often has to wait."""
    return Api(shop)


@pytest.fixture(scope="session")
def colleague(shop: Shop, api: Api) -> Api:
    api.invite_colleague()
    return Api(shop, COLLEAGUE)
