from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from testbed.build import ensure_images
from tests.integration.gate.gate import Stand, clear_leftovers, stand


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        item.add_marker(pytest.mark.docker)


@pytest.fixture(scope="session", autouse=True)
def _images() -> None:
    ensure_images(["haproxy", "python"])
    clear_leftovers()


@pytest.fixture(scope="module")
def gate(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stand]:
    """A gate before one application, with short times. Tests leave it open."""
    folder = tmp_path_factory.mktemp("gate")
    with stand(folder, "plain", stack__request_timeout=2, stack__stream_timeout=30) as made:
        made.start_app()
        yield made


@pytest.fixture
def fresh_folder(tmp_path: Path) -> Path:
    return tmp_path
