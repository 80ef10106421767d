"""Bookings and stock."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from lager.accounts.memory import Visit
from lager.accounts.model import Role
from lager.bookings import model
from lager.bookings.history import Place, Wanted
from lager.bookings.store import Posted
from lager.database import Document, amount_text, object_id
from lager.locations.store import GONE
from lager.problems import BadRequest, NotFound
from lager.services import Services
from lager.web.access import body_of, guarded
from lager.web.paging import decoded, encoded, limit_of


async def book(request: Request, services: Services, visit: Visit) -> Response:
    """201 for a new booking; 200 with the booking there is when the same request comes again."""
    wish = await body_of(request, model.BookingInput)
    return await _answer(services, await services.bookings.book(wish, visit.user))


async def undo(request: Request, services: Services, visit: Visit) -> Response:
    wish = await body_of(request, model.UndoInput)
    return await _answer(services, await services.bookings.undo(request.path_params["id"], wish, visit.user))


async def _answer(services: Services, posted: Posted) -> Response:
    if posted.is_new:
        return JSONResponse(model.view(posted.booking), 201)
    return JSONResponse(model.view((await services.history.told([posted.booking]))[0]), 200)


async def show_booking(request: Request, services: Services, visit: Visit) -> Response:
    return JSONResponse(model.view(await services.history.get(request.path_params["id"])))


async def list_bookings(request: Request, services: Services, visit: Visit) -> Response:
    query = request.query_params
    article, location = query.get("article"), query.get("location")
    inside = await services.locations.below(location) if location else ()
    if (location and not inside) or (article and object_id(article) is None):
        return JSONResponse({"rows": [], "after": None})
    after = decoded(query.get("after"))
    wanted = Wanted(
        article=object_id(article) if article else None,
        location_ids=inside,
        kind=_kind(query.get("kind")),
        after=Place.parsed(after) if after else None,
        limit=limit_of(query.get("limit")),
    )
    page = await services.history.page(wanted)
    rows = [model.view(booking) for booking in page.rows]
    return JSONResponse({"rows": rows, "after": encoded(page.after.text() if page.after else None)})


def _kind(text: str | None) -> model.Kind | None:
    if not text:
        return None
    try:
        return model.Kind(text)
    except ValueError as exc:
        raise BadRequest(f"kind={text[:20]}: erlaubt sind {', '.join(model.Kind)}.") from exc


async def article_stock(request: Request, services: Services, visit: Visit) -> Response:
    """Where it lies, in the order of the locations' codes; places with nothing are left out."""
    article = await services.articles.get(request.path_params["id"])
    quantities = await services.stock.of_article(article["_id"])
    rows = [
        {
            "location": {"id": str(place["_id"]), "name": place["name"], "code": place["code"]},
            "quantity": amount_text(quantities[place["_id"]]),
        }
        for place in await services.locations.all()
        if place["_id"] in quantities
    ]
    return JSONResponse({"rows": rows, "total": amount_text(article["stock"])})


async def location_stock(request: Request, services: Services, visit: Visit) -> Response:
    """What lies in a location and everything inside it, a page in the order of the article list."""
    inside = await services.locations.below(request.path_params["id"])
    if not inside:
        raise NotFound(GONE)
    limit = limit_of(request.query_params.get("limit"))
    found = await services.stock.at(inside, decoded(request.query_params.get("after")), limit + 1)
    after = found[limit - 1]["article"]["sort_key"] if len(found) > limit else None
    rows = [
        {"article": _named(one["article"]), "quantity": amount_text(one["quantity"].to_decimal())}
        for one in found[:limit]
    ]
    return JSONResponse({"rows": rows, "after": encoded(after)})


def _named(article: Document) -> Document:
    return {"id": str(article["_id"]), **{name: article[name] for name in ("number", "name", "unit")}}


ROUTES = [
    Route("/api/bookings", guarded(Role.READ, list_bookings), methods=["GET"]),
    Route("/api/bookings", guarded(Role.STORE, book), methods=["POST"]),
    Route("/api/bookings/{id}", guarded(Role.READ, show_booking), methods=["GET"]),
    Route("/api/bookings/{id}/undo", guarded(Role.STORE, undo), methods=["POST"]),
    Route("/api/articles/{id}/stock", guarded(Role.READ, article_stock), methods=["GET"]),
    Route("/api/locations/{id}/stock", guarded(Role.READ, location_stock), methods=["GET"]),
]
