"""What request bodies accept, and what they say otherwise."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest
from lager.articles.model import ArticleInput
from lager.locations.model import PARENTS, Kind, LocationInput
from lager.web.german import field_messages
from pydantic import ValidationError

LONG = "x" * 501


def refused(**fields: Any) -> dict[str, str]:
    body = {"name": "Rohr", **fields}
    with pytest.raises(ValidationError) as error:
        ArticleInput.model_validate_json(json.dumps(body))
    return field_messages(error.value)


def accepted(**fields: Any) -> ArticleInput:
    return ArticleInput.model_validate_json(json.dumps({"name": "Rohr", **fields}))


@pytest.mark.parametrize(
    ("field", "value", "said"),
    [
        ("name", "", "Bitte ausfüllen."),
        ("name", "   ", "Bitte ausfüllen."),
        ("name", LONG, "Höchstens 200 Zeichen."),
        ("name", 5, "Hier wird Text erwartet."),
        ("name", {"$gt": ""}, "Hier wird Text erwartet."),
        ("number", "<b>1</b>", "Erlaubt sind Buchstaben, Ziffern, Leerzeichen und . - / _ +"),
        ("unit", "Fass", "Bitte einen Wert aus der Liste wählen."),
        ("ean", "123", "Eine EAN hat 8, 12, 13 oder 14 Ziffern; hier sind es 3."),
        ("purchase_price", "12,50", "Bitte eine Zahl eingeben, zum Beispiel 12,50."),
        ("purchase_price", "-1", "Die Zahl darf nicht negativ sein."),
        ("purchase_price", "1e9", "Bitte eine Zahl eingeben, zum Beispiel 12,50."),
        ("purchase_price", "NaN", "Bitte eine Zahl eingeben, zum Beispiel 12,50."),
        ("purchase_price", 12.5, "Bitte eine Zahl eingeben, zum Beispiel 12,50."),
        ("purchase_price", "99999999", "Die Zahl ist zu groß; erlaubt sind höchstens 9.999.999."),
        ("minimum_stock", "1.00001", "Höchstens 4 Nachkommastellen."),
        ("location_ids", ["x"], "Diesen Lagerort gibt es nicht."),
        ("location_ids", "x", "Hier wird eine Liste erwartet."),
        ("stock", 5, "Dieses Feld gibt es nicht."),
        ("$where", "1", "Dieses Feld gibt es nicht."),
    ],
)
def test_bad_value_gets_a_message_at_its_field(field: str, value: Any, said: str) -> None:
    assert refused(**{field: value}) == {field: said}


def test_all_bad_fields_are_named_at_once() -> None:
    assert set(refused(name="", ean="1", purchase_price="x")) == {"name", "ean", "purchase_price"}


def test_text_is_tidied() -> None:
    article = accepted(name="  Rohr\t15\u00a0mm\u0000\n ", description="eins\r\nzwei\u0007\n\n", number=" A  1 ")
    assert (article.name, article.description, article.number) == ("Rohr 15 mm", "eins\nzwei", "A 1")


def test_decomposed_umlauts_become_one_letter() -> None:
    assert accepted(name="Du\u0308bel").name == "Dübel"


def test_html_is_kept_as_text() -> None:
    assert accepted(name="<script>alert(1)</script>").name == "<script>alert(1)</script>"


def test_amounts_are_exact_decimals() -> None:
    article = accepted(purchase_price="0.1000", minimum_stock="")
    assert article.purchase_price == Decimal("0.1000")
    assert article.minimum_stock is None


def test_spaces_in_an_ean_are_no_problem() -> None:
    assert accepted(ean="4 006381 333931").ean == "4006381333931"


def test_every_kind_of_location_can_exist_somewhere() -> None:
    assert set(PARENTS) == set(Kind)
    roots = {kind for kind, parents in PARENTS.items() if not parents}
    assert roots == {Kind.STORE, Kind.VEHICLE}


def test_location_with_a_broken_parent_id_is_refused() -> None:
    with pytest.raises(ValidationError) as error:
        LocationInput.model_validate_json('{"name": "R", "code": "R", "kind": "regal", "parent_id": "zzz"}')
    assert field_messages(error.value) == {"parent_id": "Diesen übergeordneten Ort gibt es nicht."}
