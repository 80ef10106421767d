"""The variables of role stack as one dictionary, and what is wrong with them: in German, before a host is touched."""

from __future__ import annotations

import contextlib
import difflib
import functools
import ipaddress
import re
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml

sys.path.append(str(Path(__file__).resolve().parents[3]))  # a checkout whose Python does not have upkeep installed

from upkeep.layout import STACK_NAME

Wanted = Mapping[str, Any]
PREFIX = "stack__"
SPECS = Path(__file__).resolve().parents[1] / "meta" / "argument_specs.yml"
TRUTHS = {"true": True, "yes": True, "on": True, "false": False, "no": False, "off": False}
KINDS = {
    "str": (str, "Text"),
    "int": (int, "ganze Zahl"),
    "float": ((int, float), "Zahl"),
    "bool": (bool, "true oder false"),
    "list": (list, "Liste"),
    "dict": (dict, "Wörterbuch"),
}
LOGO_LIMIT = 4096
LOGO_KINDS = (".svg", ".png")
SECRET_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,62}")
OWN_SECRET = re.compile(r"ticket-key|mongodb-(?!uri$).*|backup-(address|password(-.+)?|ca|ssh-.+|s3-.+)")
VARIABLE_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
HOST_NAME = re.compile(r"(?=.{1,253}$)[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*")
SECRET_PATH = re.compile(r"/[A-Za-z0-9._~/-]+")
# The beginning of an expression of systemd.time(7): a word, weekdays, a date or a time.
CALENDAR = re.compile(r"|[a-z]+|[A-Za-z0-9*][A-Za-z0-9*:,./~ -]*[0-9*](:[0-9*/]+)*( [A-Za-z/_]+)?")
SIZE = re.compile(r"[0-9]+[KMGT]?")
RESERVED = ("PORT", "UPKEEP_STACK", "UPKEEP_SLOT")
DATABASE_KEYS = {"name", "root_password", "keyfile", "users", "image", "memory", "cpus", "volume"}
VOLUME_KEYS = {"name", "source", "target", "read_only", "external"}
VOLUME_NAME = re.compile(r"[a-zA-Z0-9][a-zA-Z0-9_.-]+")
USER_KEYS = {"name", "password", "roles"}


@functools.cache
def options() -> dict[str, dict[str, Any]]:
    """The role's argument specs by name without prefix."""
    specs = yaml.safe_load(SPECS.read_text(encoding="utf-8"))["argument_specs"]["main"]["options"]
    return {name.removeprefix(PREFIX): option for name, option in specs.items()}


def wanted(settings: Mapping[str, Any]) -> dict[str, Any]:
    """`stack__…` → value becomes name → value. stack__given wins; numbers that came as text (`-e`) become numbers."""
    single = {name.removeprefix(PREFIX): value for name, value in settings.items()}
    merged = single | dict(single["given"]) | {"name": single["name"]}
    return {name: _typed(options().get(name, {}).get("type"), value) for name, value in merged.items()}


def _typed(kind: str | None, value: Any) -> Any:
    if not isinstance(value, str):
        return value
    if kind == "bool":
        return TRUTHS.get(value.lower(), value)
    if kind in ("int", "float"):
        with contextlib.suppress(ValueError):
            return int(value) if kind == "int" else float(value)
    return value


def problems(wanted: Wanted) -> list[str]:
    """Everything that is wrong, without values of secrets; empty when there is nothing to say."""
    found = [*_unknown(wanted), *_types_wrong(wanted)]
    if found:
        return found
    if not STACK_NAME.fullmatch(wanted["name"]):
        return [f"stack__name: „{wanted['name']}“ geht nicht; erlaubt sind Kleinbuchstaben, Ziffern und Bindestriche."]
    return [problem for check in CHECKS for problem in check(wanted)]


def external_volumes(wanted: Wanted) -> dict[str, str]:
    """Volumes that were there before the stack: name in compose.yml → name in Docker."""
    named = {
        item["name"]: str(item["external"]) for item in wanted["volumes"] if item.get("external") and item.get("name")
    }
    mongodb = wanted["databases"].get("mongodb") or {}
    return named | ({"mongodb": str(mongodb["volume"])} if mongodb.get("volume") else {})


def _unknown(wanted: Wanted) -> Iterator[str]:
    for name in sorted(set(wanted) - set(options())):
        near = difflib.get_close_matches(name, options(), n=1)
        hint = f"gemeint ist vielleicht stack__{near[0]}" if near else "siehe roles/stack/README.md"
        yield f"stack__{name} kennt die Rolle nicht; {hint}."


def _types_wrong(wanted: Wanted) -> Iterator[str]:
    for name, option in options().items():
        value = wanted.get(name)
        if name not in wanted:
            yield f"stack__{name} fehlt."
            continue
        kinds, called = KINDS[option["type"]]
        if not isinstance(value, kinds) or (isinstance(value, bool) and option["type"] != "bool"):
            shown = "" if option.get("no_log") else f" „{value}“"
            yield f"stack__{name}:{shown} ist falsch; erwartet: {called}."
        elif value not in option.get("choices", [value]):
            yield f"stack__{name}: „{value}“ gibt es nicht; möglich: {', '.join(option['choices'])}."


def _databases_wrong(wanted: Wanted) -> Iterator[str]:
    databases = wanted["databases"]
    for kind in sorted(set(databases) - {"mongodb"}):
        yield f"stack__databases: {kind} kennt diese Version nicht; möglich ist mongodb."
    mongodb = databases.get("mongodb")
    if mongodb is None:
        return
    for key in ("name", "root_password", "keyfile"):
        if not mongodb.get(key):
            yield f"stack__databases.mongodb: {key} fehlt."
    for key in sorted(set(mongodb) - DATABASE_KEYS):
        yield f"stack__databases.mongodb: {key} kennt die Rolle nicht; bekannt sind {', '.join(sorted(DATABASE_KEYS))}."
    for user in mongodb.get("users", []):
        if not (user.get("name") and user.get("password")) or set(user) - USER_KEYS:
            who = user.get("name") or "ein Benutzer"
            yield f"stack__databases.mongodb.users: {who} braucht name und password, wahlweise roles."


def _secrets_wrong(wanted: Wanted) -> Iterator[str]:
    for name, value in wanted["secrets"].items():
        if not SECRET_NAME.fullmatch(name):
            yield f"stack__secrets: „{name}“ ist kein Dateiname; erlaubt sind Kleinbuchstaben, Ziffern, Punkt, - und _."
        if not str(value or "").strip():
            yield f"stack__secrets: {name} ist leer. Erzeugen: `make secrets INVENTORY=…`."
        if OWN_SECRET.fullmatch(name):
            yield f"stack__secrets: {name}: ticket-key, mongodb-…, backup-… legt die Rolle an (erlaubt: mongodb-uri)."
    for name, value in wanted["environment_secrets"].items():
        if not VARIABLE_NAME.fullmatch(name):
            yield f"stack__environment_secrets: „{name}“ ist kein Name einer Umgebungsvariablen."
        if not str(value or "") or any(char in str(value) for char in "'\n\r"):
            yield f"stack__environment_secrets: {name} darf nicht leer sein und weder ' noch Zeilenumbrüche enthalten."


def _environment_wrong(wanted: Wanted) -> Iterator[str]:
    for name in wanted["environment"]:
        if not VARIABLE_NAME.fullmatch(name):
            yield f"stack__environment: „{name}“ ist kein Name einer Umgebungsvariablen."
        if name in RESERVED:
            yield f"stack__environment: {name} setzt die Rolle selbst (stack__port)."
    if wanted["app_user"] < 1:
        yield "stack__app_user: 0 wäre root; bitte die Nummer eines gewöhnlichen Benutzers angeben, zum Beispiel 7310."


def _volumes_wrong(wanted: Wanted) -> Iterator[str]:
    for volume in wanted["volumes"]:
        target = str(volume.get("target", ""))
        if bool(volume.get("name")) == bool(volume.get("source")):
            place = target or volume
            yield f"stack__volumes: {place} braucht genau eines: name (Docker-Volume) oder source (Ordner des Hosts)."
        for key in ("target", "source"):
            if volume.get(key) and not str(volume[key]).startswith("/"):
                yield f"stack__volumes: {key} „{volume[key]}“ muss mit / beginnen."


def _volume_names_wrong(wanted: Wanted) -> Iterator[str]:
    for volume in wanted["volumes"]:
        target = str(volume.get("target", ""))
        for key in sorted(set(volume) - VOLUME_KEYS):
            yield f"stack__volumes: {key} kennt die Rolle nicht; bekannt sind {', '.join(sorted(VOLUME_KEYS))}."
        if volume.get("external") and not volume.get("name"):
            yield f"stack__volumes: {target}: external geht nur zusammen mit name."
    for name in external_volumes(wanted).values():
        if not VOLUME_NAME.fullmatch(name):
            yield f"stack__volumes: „{name}“ ist kein Name eines Docker-Volumes (`docker volume ls`)."


def _addresses_wrong(wanted: Wanted) -> Iterator[str]:
    places = [("stack__trusted_proxies", net) for net in wanted["trusted_proxies"]]
    places += [("stack__published", item["bind"]) for item in wanted["published"] if "bind" in item]
    for name, text in places:
        if not _parses(lambda text=text: ipaddress.ip_network(text, strict=False)):
            yield f"{name}: „{text}“ ist keine Adresse und kein Netz (zum Beispiel 10.0.0.0/8)."
    for host in wanted["host_names"]:
        if not HOST_NAME.fullmatch(str(host).lower()):
            yield f"stack__host_names: „{host}“ ist kein Rechnername (ohne http:// und ohne Port)."
    for path in wanted["secret_paths"]:
        if not SECRET_PATH.fullmatch(str(path)):
            yield f"stack__secret_paths: „{path}“ ist kein Pfad der Form /einladung/."


def _limits_wrong(wanted: Wanted) -> Iterator[str]:
    for name in ("max_body", "memory", "gate_memory", "log_max_size"):
        text = wanted[name]
        if not SIZE.fullmatch(text):
            yield f"stack__{name}: „{text}“ ist keine Größe; Beispiele: 512M, 2G."
    if not CALENDAR.fullmatch(wanted["check_at"]):
        yield f"stack__check_at: „{wanted['check_at']}“ ist kein Zeitplan; Beispiele: daily, *-*-* 06:00."
    if not 0 <= wanted["check_jitter"] <= 86400:
        yield f"stack__check_jitter: {wanted['check_jitter']} liegt nicht zwischen 0 und 86400."
    ranges = {"request_timeout": 86400, "stream_timeout": 604800, "gate_connections": 20000, "pids": 100000}
    for name, most in (ranges | {"log_max_files": 1000}).items():
        if not 1 <= wanted[name] <= most:
            yield f"stack__{name}: {wanted[name]} liegt nicht zwischen 1 und {most}."


def _looks_wrong(wanted: Wanted) -> Iterator[str]:
    accent, logo = wanted["maintenance_accent"], wanted["maintenance_logo"]
    if not re.fullmatch(r"#[0-9a-fA-F]{6}", accent):
        yield f"stack__maintenance_accent: „{accent}“ ist keine Farbe der Form #rrggbb."
    if not logo:
        return
    file = Path(logo)
    if file.suffix.lower() not in LOGO_KINDS or not file.is_file():
        yield f"stack__maintenance_logo: {logo} ist keine SVG- oder PNG-Datei auf diesem Rechner."
    elif file.stat().st_size > LOGO_LIMIT:
        size = file.stat().st_size
        yield f"stack__maintenance_logo: {logo} hat {size} Bytes; höchstens {LOGO_LIMIT} passen auf die Seite."


def _parses(attempt: Callable[[], object]) -> bool:
    try:
        attempt()
    except ValueError:
        return False
    return True


CHECKS = (
    _databases_wrong,
    _secrets_wrong,
    _environment_wrong,
    _volumes_wrong,
    _volume_names_wrong,
    _addresses_wrong,
    _limits_wrong,
    _looks_wrong,
)


class FilterModule:
    """Loaded by Ansible with the role."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        return {"stack_wanted": wanted, "stack_problems": problems, "stack_external_volumes": external_volumes}
