"""docker compose, the executor of desired state: functions build argv lists, one runner executes them."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from upkeep.errors import ComposeFailed

NO_FETCHING = ("--no-build", "--pull", "never")  # what runs was pulled by digest before anything was touched
SAFE_ENVIRONMENT = ("PATH", "HOME", "LANG", "DOCKER_HOST", "DOCKER_CONFIG", "DOCKER_CERT_PATH", "DOCKER_TLS_VERIFY")


@dataclass(frozen=True)
class Project:
    """A stack as compose sees it. `file` is compose.yml or a release's snapshot of it."""

    name: str
    directory: Path
    env_file: Path
    file: Path


@dataclass(frozen=True)
class OneOff:
    """A container for one command. `labels` win over the service's, so does `environment`."""

    name: str
    command: tuple[str, ...]
    labels: Mapping[str, str]
    environment: Mapping[str, str]


class Compose(Protocol):
    """Every method raises ComposeFailed with compose's own last words."""

    def validate(self, project: Project) -> None: ...

    def create(self, project: Project, services: tuple[str, ...]) -> None:
        """Create one more container of each service, not started, and leave the one that is there alone."""

    def run(self, project: Project, service: str, one_off: OneOff) -> None:
        """Start one container like those of `service`, without its ports and network name, and do not wait for it.
        There can only be one of that name."""

    def up(
        self,
        project: Project,
        services: tuple[str, ...],
        *,
        stop_timeout: float | None,
        force: bool = False,
        orphans: bool = True,
    ) -> None:
        """Start or replace these services only, and (`orphans`) remove containers of services the file no longer has.
        `stop_timeout` None: what the compose file says."""

    def down(self, name: str, stop_timeout: float) -> None:
        """Stop and remove all containers and networks of the project `name`, whatever its file says; volumes stay."""


def base(project: Project) -> list[str]:
    return [
        "docker",
        "compose",
        "--project-name",
        project.name,
        "--project-directory",
        str(project.directory),
        "--env-file",
        str(project.env_file),
        "-f",
        str(project.file),
    ]


def validate_argv(project: Project) -> list[str]:
    return [*base(project), "config", "--quiet"]


def up_argv(
    project: Project, services: tuple[str, ...], stop_timeout: float | None, force: bool, orphans: bool = True
) -> list[str]:
    flags = ["--detach", "--no-deps", *NO_FETCHING]
    flags += ["--remove-orphans"] if orphans else []
    flags += ["--timeout", str(int(stop_timeout))] if stop_timeout is not None else []
    flags += ["--force-recreate"] if force else []
    return [*base(project), "up", *flags, *services]


def create_argv(project: Project, services: tuple[str, ...]) -> list[str]:
    scale = [word for service in services for word in ("--scale", f"{service}=2")]
    return [*base(project), "up", "--no-start", "--no-deps", "--no-recreate", *NO_FETCHING, *scale, *services]


def run_argv(project: Project, service: str, one_off: OneOff) -> list[str]:
    flags = ["--detach", "--no-TTY", "--no-deps", "--name", one_off.name]
    flags += [word for key, value in one_off.labels.items() for word in ("--label", f"{key}={value}")]
    flags += [word for key, value in one_off.environment.items() for word in ("--env", f"{key}={value}")]
    return [*base(project), "run", *flags, service, *one_off.command]


def down_argv(name: str, stop_timeout: float) -> list[str]:
    return [
        "docker",
        "compose",
        "--project-name",
        name,
        "down",
        "--remove-orphans",
        "--timeout",
        str(int(stop_timeout)),
    ]


class ComposeRunner:
    """Runs compose in its own process group with a deadline. The child inherits no descriptor and no UPKEEP_… variable
    (a variable of the process would win over release.env)."""

    def __init__(self, deadline: float = 300.0, environment: Mapping[str, str] | None = None) -> None:
        self._deadline = deadline
        self._environment = dict(os.environ if environment is None else environment)

    def validate(self, project: Project) -> None:
        self._run(validate_argv(project), self._deadline)

    def create(self, project: Project, services: tuple[str, ...]) -> None:
        self._run(create_argv(project, services), self._deadline)

    def run(self, project: Project, service: str, one_off: OneOff) -> None:
        self._run(run_argv(project, service, one_off), self._deadline)

    def up(
        self,
        project: Project,
        services: tuple[str, ...],
        *,
        stop_timeout: float | None,
        force: bool = False,
        orphans: bool = True,
    ) -> None:
        self._run(up_argv(project, services, stop_timeout, force, orphans), self._deadline + (stop_timeout or 0))

    def down(self, name: str, stop_timeout: float) -> None:
        self._run(down_argv(name, stop_timeout), self._deadline + stop_timeout)

    def _run(self, argv: list[str], deadline: float) -> None:
        environment = {name: self._environment[name] for name in SAFE_ENVIRONMENT if name in self._environment}
        environment.setdefault("HOME", "/root")
        try:
            child = subprocess.Popen(
                argv,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                env=environment,
                start_new_session=True,
                close_fds=True,
                text=True,
                errors="replace",
            )
        except OSError as exc:
            raise ComposeFailed(
                "docker compose ist nicht ausführbar", observed=exc.strerror, next_step="Rolle docker_host ausführen."
            ) from exc
        _await(child, deadline, argv)


def _await(child: subprocess.Popen[str], deadline: float, argv: list[str]) -> None:
    verb = argv[argv.index("-f") + 2] if "-f" in argv else argv[4]
    try:
        output, _ = child.communicate(timeout=deadline)
    except subprocess.TimeoutExpired as exc:
        os.killpg(child.pid, signal.SIGKILL)
        child.wait()
        if child.stdout:
            child.stdout.close()
        raise ComposeFailed(f"docker compose {verb} wurde nicht fertig", observed=f"{deadline:g} s") from exc
    if child.returncode != 0:
        raise ComposeFailed(f"docker compose {verb} ist gescheitert", observed=_last_words(output))


def _last_words(output: str) -> str:
    lines = [line.strip() for line in output.splitlines() if line.strip()]
    return " · ".join(lines[-3:])[-500:] or "keine Ausgabe"
