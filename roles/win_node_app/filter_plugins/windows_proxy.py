"""What is still to be set of ARR's proxy settings of a server."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any


def proxy_words(listed: str, wanted: Mapping[str, str]) -> list[str]:
    """For `appcmd set config`, from what `appcmd list config` said; none where all is as wanted."""
    section = re.search(r"<proxy\b([^>]*)>", listed)
    now = dict(re.findall(r'(\w+)="([^"]*)"', section[1])) if section else {}
    return [f"/{name}:{value}" for name, value in wanted.items() if now.get(name) != value]


class FilterModule:
    """For Ansible."""

    def filters(self) -> dict[str, Any]:
        return {"proxy_words": proxy_words}
