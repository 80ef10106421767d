"""Articles and locations."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from lager.accounts.memory import Visit
from lager.accounts.model import Role
from lager.articles import model as articles
from lager.articles.store import Wanted
from lager.locations import model as locations
from lager.problems import BadRequest
from lager.services import Services
from lager.web.access import body_of, guarded
from lager.web.paging import TEXT_MAX, decoded, encoded, limit_of


def _version(request: Request) -> int:
    text = request.query_params.get("version", "")
    if not (text.isascii() and text.isdecimal() and len(text) < 10):
        raise BadRequest("Die Angabe version fehlt. Bitte die Seite neu laden.")
    return int(text)


async def list_articles(request: Request, services: Services, visit: Visit) -> Response:
    query = request.query_params
    location = query.get("location")
    inside = await services.locations.below(location) if location else ()
    if location and not inside:
        return JSONResponse({"articles": [], "after": None, "total": 0})
    wanted = Wanted(
        text=query.get("q", "")[:TEXT_MAX],
        category=query.get("category"),
        supplier=query.get("supplier"),
        location_ids=inside,
        after=decoded(query.get("after")),
        limit=limit_of(query.get("limit")),
    )
    page = await services.articles.page(wanted)
    rows = [articles.row(document) for document in page.rows]
    return JSONResponse({"articles": rows, "after": encoded(page.after), "total": page.total})


async def article_options(request: Request, services: Services, visit: Visit) -> Response:
    units = [unit.value for unit in articles.Unit]
    decimals = {unit.value: unit.decimals for unit in articles.Unit}
    return JSONResponse({"units": units, "decimals": decimals, **await services.articles.options()})


async def create_article(request: Request, services: Services, visit: Visit) -> Response:
    typed = await body_of(request, articles.ArticleInput)
    return JSONResponse(articles.view(await services.articles.create(typed, visit.user)), 201)


async def show_article(request: Request, services: Services, visit: Visit) -> Response:
    return JSONResponse(articles.view(await services.articles.get(request.path_params["id"])))


async def edit_article(request: Request, services: Services, visit: Visit) -> Response:
    typed = await body_of(request, articles.ArticleEdit)
    saved = await services.articles.edit(request.path_params["id"], typed, visit.user)
    return JSONResponse(articles.view(saved))


async def delete_article(request: Request, services: Services, visit: Visit) -> Response:
    await services.articles.delete(request.path_params["id"], _version(request))
    return Response(status_code=204)


async def list_locations(request: Request, services: Services, visit: Visit) -> Response:
    return JSONResponse({"locations": [locations.view(found) for found in await services.locations.all()]})


async def create_location(request: Request, services: Services, visit: Visit) -> Response:
    typed = await body_of(request, locations.LocationInput)
    return JSONResponse(locations.view(await services.locations.create(typed, visit.user)), 201)


async def edit_location(request: Request, services: Services, visit: Visit) -> Response:
    typed = await body_of(request, locations.LocationEdit)
    saved = await services.locations.edit(request.path_params["id"], typed, visit.user)
    return JSONResponse(locations.view(saved))


async def delete_location(request: Request, services: Services, visit: Visit) -> Response:
    await services.locations.delete(request.path_params["id"], _version(request))
    return Response(status_code=204)


ROUTES = [
    Route("/api/articles", guarded(Role.READ, list_articles), methods=["GET"]),
    Route("/api/articles", guarded(Role.STORE, create_article), methods=["POST"]),
    Route("/api/articles/options", guarded(Role.READ, article_options), methods=["GET"]),
    Route("/api/articles/{id}", guarded(Role.READ, show_article), methods=["GET"]),
    Route("/api/articles/{id}", guarded(Role.STORE, edit_article), methods=["PUT"]),
    Route("/api/articles/{id}", guarded(Role.STORE, delete_article), methods=["DELETE"]),
    Route("/api/locations", guarded(Role.READ, list_locations), methods=["GET"]),
    Route("/api/locations", guarded(Role.STORE, create_location), methods=["POST"]),
    Route("/api/locations/{id}", guarded(Role.STORE, edit_location), methods=["PUT"]),
    Route("/api/locations/{id}", guarded(Role.STORE, delete_location), methods=["DELETE"]),
]
