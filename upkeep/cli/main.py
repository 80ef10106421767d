"""Entry point of the command `upkeep`: parse, run the verb, turn what went wrong into a message and an exit code."""

from __future__ import annotations

import contextlib
import io
import json
import os
import sys
from collections.abc import Sequence
from datetime import datetime
from typing import TextIO

from upkeep.cli.arguments import build_parser
from upkeep.cli.commands import VERBS, Desk, Detached
from upkeep.cli.exits import Exit, UsageError, exit_for_error
from upkeep.client import AgentClient, AgentError, Busy, Json


def main(argv: Sequence[str] | None = None) -> int:
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")  # a terminal without UTF-8 is no reason to fail
    args = build_parser().parse_args(argv)
    desk = Desk(AgentClient(args.socket), sys.stdout, datetime.now().astimezone(), args.json)
    try:
        return VERBS[args.verb](desk, args)
    except UsageError as error:
        return _complain(desk, str(error), Exit.USAGE, {"code": "usage"})
    except AgentError as error:
        running = {"running": error.running} if isinstance(error, Busy) else {}
        return _complain(desk, _with_hint(error, args.stack), exit_for_error(error), {"code": error.code, **running})
    except Detached as detached:
        return _complain(desk, str(detached), Exit.DETACHED, {"code": "detached", "run": detached.run})
    except KeyboardInterrupt:
        return Exit.DETACHED
    except BrokenPipeError:
        _discard(sys.stdout)  # `upkeep logs | head` is no error
        return Exit.OK


def _with_hint(error: AgentError, stack: str | None) -> str:
    follow = " ".join(["upkeep status", *([stack] if stack else []), "--follow"])
    return f"{error} Zusehen: `{follow}`." if isinstance(error, Busy) else str(error)


def _complain(desk: Desk, message: str, code: Exit, details: Json) -> int:
    print(message, file=sys.stderr, flush=True)
    if desk.as_json:
        print(json.dumps({"error": message, **details}, ensure_ascii=False, indent=2), file=desk.out, flush=True)
    return code


def _discard(stream: TextIO) -> None:
    with contextlib.suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


if __name__ == "__main__":
    sys.exit(main())
