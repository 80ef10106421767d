from __future__ import annotations

import pytest

from upkeep.errors import BadRequest
from upkeep.versions import reference

DIGEST = f"sha256:{'a' * 64}"


@pytest.mark.parametrize(
    ("text", "registry", "path", "tag", "digest"),
    [
        ("mongo:8.0", "docker.io", "library/mongo", "8.0", None),
        ("grafana/grafana", "docker.io", "grafana/grafana", "latest", None),
        ("ghcr.io/firma/lager:1.2.3", "ghcr.io", "firma/lager", "1.2.3", None),
        ("registry.test:5000/lager:stable", "registry.test:5000", "lager", "stable", None),
        ("registry.test:5000/lager", "registry.test:5000", "lager", "latest", None),
        ("localhost/lager:1", "localhost", "lager", "1", None),
        (f"ghcr.io/firma/lager@{DIGEST}", "ghcr.io", "firma/lager", None, DIGEST),
        (f"ghcr.io/firma/lager:1@{DIGEST}", "ghcr.io", "firma/lager", None, DIGEST),
    ],
)
def test_parts(text: str, registry: str, path: str, tag: str | None, digest: str | None) -> None:
    parsed = reference.parse(text)
    assert (parsed.registry, parsed.path, parsed.tag, parsed.digest) == (registry, path, tag, digest)


@pytest.mark.parametrize("text", ["", ":1", "Lager:1", "lager:", "lager:a b", "lager@sha256:kurz", "lager;rm -rf:1"])
def test_what_is_no_image_name_is_refused(text: str) -> None:
    if text == "lager:":
        assert reference.parse(text).tag == "latest"
        return
    with pytest.raises(BadRequest, match="ist kein Abbildname"):
        reference.parse(text)


def test_pinned_keeps_the_repository() -> None:
    assert (
        str(reference.parse("registry.test:5000/lager:stable").pinned(DIGEST)) == f"registry.test:5000/lager@{DIGEST}"
    )
