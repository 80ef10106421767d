"""Loading the example business; what is already there stays as it is."""

from __future__ import annotations

from dataclasses import dataclass

from lager.accounts.model import Role, User
from lager.articles.model import ArticleInput
from lager.articles.search import number_key
from lager.company.model import Accent, CompanyEdit
from lager.demo.catalogue import Example, examples
from lager.demo.electrics import ELECTRICS
from lager.demo.ledger import book_movements
from lager.demo.movements import movements
from lager.demo.places import PLACES
from lager.demo.plumbing import PLUMBING
from lager.locations.model import LocationInput, code_key
from lager.services import Services

LOADER = User("demo", "beispieldaten", "Beispieldaten", Role.ADMIN, False, 1, None)


@dataclass(frozen=True)
class Loaded:
    """What was missing and has been added."""

    articles: int
    locations: int
    bookings: int
    company: bool
    user_created: bool

    @property
    def changed(self) -> bool:
        return bool(self.articles or self.locations or self.bookings or self.company or self.user_created)

    def view(self) -> dict[str, object]:
        return {
            "changed": self.changed,
            "articles": self.articles,
            "locations": self.locations,
            "bookings": self.bookings,
            "user_created": self.user_created,
        }


def all_examples() -> list[Example]:
    return [example for series in (*PLUMBING, *ELECTRICS) for example in examples(series)]


async def load_demo(services: Services, login: str | None = None, password: str | None = None) -> Loaded:
    """Idempotent. With ``login`` an admin of that name is made too, if there is none yet."""
    company = await _load_company(services)
    locations, ids = await _load_places(services)
    articles = await _load_articles(services, ids)
    bookings = await book_movements(services, movements(all_examples()), ids)
    user_created = await _load_user(services, login, password or "") if login else False
    return Loaded(articles, locations, bookings, company, user_created)


async def _load_company(services: Services) -> bool:
    if (await services.company.get())["version"] != 0:
        return False
    contact = "Fragen zur Lager-App? Frau Yılmaz, Durchwahl 14"
    edit = CompanyEdit(name="Petersen Haustechnik", accent=Accent.COPPER, contact=contact, version=0)
    await services.company.edit(edit, LOADER)
    return True


async def _load_places(services: Services) -> tuple[int, dict[str, str]]:
    """How many were added, and the id of each code."""
    ids = {found["code_key"]: str(found["_id"]) for found in await services.locations.all()}
    added = 0
    for place in PLACES:
        if code_key(place.code) in ids:
            continue
        location = LocationInput(
            name=place.name,
            code=place.code,
            kind=place.kind,
            parent_id=ids[code_key(place.parent)] if place.parent else None,
            licence_plate=place.licence_plate,
            note=place.note,
        )
        created = await services.locations.create(location, LOADER)
        ids[created["code_key"]] = str(created["_id"])
        added += 1
    return added, ids


async def _load_articles(services: Services, ids: dict[str, str]) -> int:
    known = set(await services.database["articles"].distinct("number_key"))
    missing = [example for example in all_examples() if number_key(example.number) not in known]
    for example in missing:
        await services.articles.create(_article(example, ids), LOADER)
    return len(missing)


def _article(example: Example, ids: dict[str, str]) -> ArticleInput:
    series = example.series
    return ArticleInput.model_validate(
        {
            "number": example.number,
            "name": example.name,
            "description": series.description,
            "unit": series.unit,
            "ean": example.ean,
            "category": series.category,
            "supplier": series.supplier,
            "manufacturer_number": example.manufacturer_number,
            "minimum_stock": str(series.minimum),
            "purchase_price": example.price,
            "location_ids": [ids[code_key(place)] for place in series.places],
        }
    )


async def _load_user(services: Services, login: str, password: str) -> bool:
    if await services.users.named(login):
        return False
    await services.users.create(login, "Jana Petersen", Role.ADMIN, password)
    return True
