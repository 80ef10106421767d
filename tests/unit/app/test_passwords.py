"""Which passwords are refused."""

from __future__ import annotations

import pytest
from lager.accounts.passwords import check_strength
from lager.problems import BadFields


@pytest.mark.parametrize(
    "password",
    ["kurz", "123456789", "passwort123", "Passwort!!!!", "qwertzqwertz", "aaaaaaaaaaaaaaa", "petersen123", "x" * 201],
)
def test_weak_password_is_refused_at_its_field(password: str) -> None:
    with pytest.raises(BadFields) as refused:
        check_strength(password, login="petersen", field="password")
    assert set(refused.value.fields) == {"password"}


@pytest.mark.parametrize("password", ["rohr zange dichtung", "Kx7#mQ2!vLp9", "drei blaue Lastwagen"])
def test_good_password_is_accepted(password: str) -> None:
    check_strength(password, login="petersen")
