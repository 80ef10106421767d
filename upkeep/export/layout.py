"""What lies where in an exported file: names that a person understands who has nothing but `tar`."""

from __future__ import annotations

from upkeep.backup.manifest import Source

SCHEMA = 1
README, SUMS, MANIFEST = "LIESMICH.txt", "SHA256SUMS", "manifest.json"

TEXT = """\
Sicherung von „{stack}“ ({host}), gemacht {at}, Lauf {run}.

  mongodb/mongodb.archive   Datenbank, im Format von mongodump: mongorestore --archive=mongodb/mongodb.archive
  postgres/NAME.pgdump      Datenbank, im Format von pg_dump -Fc: pg_restore -d NAME postgres/NAME.pgdump
  volumes/NAME/             der Inhalt des Docker-Volumes NAME
  host/                     Dateien des Servers, mit ihren Pfaden: compose.yml, stack.yml, Geheimnisse …
  SHA256SUMS                Prüfsummen aller Dateien: sha256sum -c SHA256SUMS

Der Weg zurück von Hand, ohne Upkeep: docs/sicherung-von-hand.md. Mit Upkeep: upkeep restore --file
"""


def is_tree(source: Source) -> bool:
    """Whether it is many files below a directory, or one file."""
    return source.kind in ("volume", "files")


def place(source: Source) -> str:
    """The file's name, or that of the directory with `/` at its end."""
    name = source.name.partition(":")[2]
    if source.kind == "mongodb":
        return "mongodb/mongodb.archive"
    if source.kind == "postgres":
        return f"postgres/{name}.pgdump"
    return f"volumes/{name}/" if source.kind == "volume" else "host/"
