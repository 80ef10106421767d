"""The fast reader says what the plain one says."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from tests.unit.upkeep.placed import compose, policy
from upkeep import yaml_text

TEXTS = [
    yaml.safe_dump(compose(2, True)),
    yaml.safe_dump(policy(Path("/geheim"), 2, True)),
    "a: 2026-01-01\nb: [yes, 0o17, 1:30, 1e3, .inf]\nc: &c {d: ä}\ne: {<<: *c}\n",
    "",
]


@pytest.mark.parametrize("text", TEXTS)
def test_it_is_read_alike(text: str) -> None:
    assert yaml_text.parse(text) == yaml.safe_load(text)


@pytest.mark.parametrize("text", ["a: [", "\tx", "a: \0", "!!python/object/apply:os.getcwd []", "[" * 3000])
def test_what_is_no_plain_yaml_is_an_error(text: str) -> None:
    with pytest.raises(yaml.YAMLError):
        yaml_text.parse(text)
