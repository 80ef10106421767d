"""Storage that speaks S3: a real restic against a server that behaves like one, in this process."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from moto.moto_api import recorder
from moto.server import ThreadedMotoServer

from tests.integration.backup.conftest import Shelf
from tests.integration.backup.test_repository import refused, save
from upkeep.errors import RepositoryFailed

pytestmark = pytest.mark.docker

CREDENTIALS = "[default]\naws_access_key_id = web1\naws_secret_access_key = streng-geheim\n"


@pytest.fixture(scope="module")
def storage() -> Iterator[str]:
    server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture
def bucket(storage: str, request: pytest.FixtureRequest) -> Any:
    """One of its own for each test."""
    known = {"aws_access_key_id": "web1", "aws_secret_access_key": "streng-geheim", "region_name": "us-east-1"}
    bucket = boto3.resource("s3", endpoint_url=storage, **known).Bucket(request.node.name.replace("_", "-")[:60])
    bucket.create()
    return bucket


@pytest.fixture
def address(storage: str, bucket: Any) -> str:
    return f"s3:{storage}/{bucket.name}/web1"


@pytest.fixture
def credentials(tmp_path: Path) -> Path:
    file = tmp_path / "s3"
    file.write_text(CREDENTIALS)
    return file


def test_saved_read_checked_and_thinned(shelf: Shelf, address: str, credentials: Path) -> None:
    repository = shelf.repository(address, s3_credentials_file=credentials)
    identity = repository.create()
    first, second = save(repository, "erste", "run=eins"), save(repository, "zweite", "run=zwei")
    again = shelf.repository(address, s3_credentials_file=credentials)
    assert again.identity() == identity
    assert [item.id for item in again.snapshots()] == [first.id, second.id]
    assert again.text(second.id, "/daten") == "zweite"
    again.check("100%", 120)
    again.forget([first.id])
    again.prune(120)
    assert [item.id for item in again.snapshots()] == [second.id]


def test_requests_are_signed_for_the_region_that_is_named(
    shelf: Shelf, address: str, credentials: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    signed = []
    for region in ("", "eu-central-1"):
        asked = tmp_path / f"asked-{region}"
        monkeypatch.setattr(recorder, "_location", str(asked))
        recorder.start_recording()
        repository = shelf.repository(f"{address}{region}", s3_credentials_file=credentials, s3_region=region)
        repository.create()
        recorder.stop_recording()
        signed.append("/eu-central-1/s3/" in asked.read_text())
    assert signed == [False, True]


def test_wrong_password_and_a_missing_repository_are_told_apart(shelf: Shelf, address: str, credentials: Path) -> None:
    with refused("repository_missing"):
        shelf.repository(address, s3_credentials_file=credentials).identity()
    shelf.repository(address, s3_credentials_file=credentials).create()
    with refused("repository_password"):
        shelf.repository(address, "falsch", s3_credentials_file=credentials).identity()


def test_a_flipped_byte_is_found(shelf: Shelf, address: str, credentials: Path, bucket: Any) -> None:
    repository = shelf.repository(address, s3_credentials_file=credentials)
    repository.create()
    save(repository, "Inhalt", "run=eins")
    for found in bucket.objects.filter(Prefix="web1/data/"):
        data = bytearray(found.get()["Body"].read())
        data[len(data) // 2] ^= 1
        found.put(Body=bytes(data))
    with pytest.raises(RepositoryFailed):
        repository.check("100%", 120)
