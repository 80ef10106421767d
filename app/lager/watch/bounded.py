"""Collections that must not grow without end, however hard somebody tries."""

from __future__ import annotations

from lager.database import Collection


async def trim(collection: Collection, at_most: int) -> None:
    """Keep the newest ``at_most`` documents by ``at`` (which needs an index)."""
    if await collection.estimated_document_count() <= at_most:
        return
    async for newest_to_go in collection.find({}, {"at": 1}).sort("at", -1).skip(at_most).limit(1):
        await collection.delete_many({"at": {"$lte": newest_to_go["at"]}})
