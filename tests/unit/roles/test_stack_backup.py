"""What role stack makes of the variables for backups."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.unit.roles.rendering import Rendering
from upkeep.backup.recovery_key import printed
from upkeep.policy import stack as policies
from upkeep.policy.backup import Export, Keep, PostgresSource, Quiesce, VolumeSource

ADDRESS, PASSWORD = "rest:https://web1:pl4nted@sicherung.example:8000/web1", "pl4nted-password"
STACK = {
    "stack__name": "portal",
    "stack__image": {"channel": "ghcr.io/firma/portal:stable"},
    "stack__volumes": [
        {"name": "files", "target": "/data"},
        {"name": "alt", "target": "/alt", "external": "altes-projekt_daten"},
        {"source": "/srv/share", "target": "/in"},
    ],
}
TARGET = {"address": ADDRESS, "password": PASSWORD, "ca": "-----BEGIN CERTIFICATE-----", "append_only": True}


def rendered(**given: Any) -> Rendering:
    return Rendering("stack", **STACK, **given)


def test_a_stack_without_a_target_says_nothing_about_backups() -> None:
    role = rendered()
    assert role.value("__stack__problems") == []
    assert policies.parse(role.yaml("stack.yml.j2"), "portal").backup is None


def test_every_volume_of_the_stack_is_saved_and_others_by_name() -> None:
    more = [{"name": "altes-projekt_daten", "quiesce": "stop"}, {"name": "portainer_data"}]
    role = rendered(stack__backup_target=TARGET, stack__backup_volumes=more, stack__backup_keep={"daily": 30})
    policy = policies.parse(role.yaml("stack.yml.j2"), "portal").backup
    assert policy is not None
    assert policy.volumes == (
        VolumeSource("portal_files", Quiesce.NONE),
        VolumeSource("altes-projekt_daten", Quiesce.STOP),
        VolumeSource("portainer_data", Quiesce.NONE),
    )
    assert policy.keep == Keep(hourly=24, daily=30, weekly=8, monthly=12, yearly=3)
    assert (policy.target.host, policy.target.append_only) == ("web1", True)
    assert policy.target.ca_file == Path("/srv/upkeep/portal/secrets/backup-ca")


def test_a_postgres_of_the_stack_is_saved_by_its_service() -> None:
    role = rendered(stack__backup_target=TARGET, stack__backup_postgres=[{"service": "db", "database": "rechnungen"}])
    policy = policies.parse(role.yaml("stack.yml.j2"), "portal").backup
    assert policy is not None
    assert policy.postgres == (PostgresSource("db", "rechnungen", "postgres"),)


def test_address_and_password_are_files_for_root_and_nowhere_else() -> None:
    role = rendered(stack__backup_target=TARGET)
    files = {Path(item["path"]).name: item for item in role.value("__stack__files")}
    assert files["backup-password"]["content"] == f"{PASSWORD}\n"
    assert all(files[name]["mode"] == "0400" and files[name]["secret"] for name in ("backup-address", "backup-ca"))
    assert "pl4nted" not in role.template("stack.yml.j2") + role.template("compose.yml.j2")


def test_the_key_from_the_recovery_sheet_stands_for_the_password() -> None:
    rows, whole = printed(PASSWORD)
    key = " ".join([*(" ".join((*row.groups, row.check)) for row in rows), whole])
    target = {"address": ADDRESS, "recovery_key": key}
    role = rendered(stack__backup_target=target)
    assert role.value("__stack__problems") == []
    files = {Path(item["path"]).name: item for item in role.value("__stack__files")}
    assert files["backup-password"]["content"] == f"{PASSWORD}\n"
    wrong = rendered(stack__backup_target=target | {"recovery_key": "7" + key[1:] if key[0] != "7" else "8" + key[1:]})
    assert "In Zeile 1 ist ein Tippfehler" in wrong.value("__stack__problems")[0]


@pytest.mark.parametrize(
    ("target", "said"),
    [
        ({"address": "ftp://host", "password": PASSWORD}, "address fehlt oder ist keine"),
        ({"address": "/srv/nas", "password": "kurz"}, "unter 12 Zeichen"),
        ({"address": "/srv/nas", "password": PASSWORD, "passwort": "x"}, "passwort kennt die Rolle nicht"),
        ({"address": "/mnt/nas", "password": PASSWORD}, "Dazu gehört mount"),
        ({"address": "/mnt/nas/web1", "password": PASSWORD, "mount": "/mnt/usb"}, "liegt nicht unter mount: /mnt/usb"),
    ],
)
def test_a_wrong_target_is_refused_before_a_host_is_touched(target: dict[str, str], said: str) -> None:
    problems = rendered(stack__backup_target=target).value("__stack__problems")
    assert [said in problem for problem in problems] == [True]
    assert PASSWORD not in str(problems)


def test_exports_have_a_place_readers_and_a_timer() -> None:
    readers = ["age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kudqeyxqsd9f3xs"]
    wish = {"directory": "/mnt/usb/portal", "mount": "/mnt/usb", "recipients": readers, "keep": 3}
    target = TARGET | {"mount": "/mnt/usb", "s3_region": "eu-central-1"}
    role = rendered(stack__backup_target=target, stack__backup_export=wish)
    policy = policies.parse(role.yaml("stack.yml.j2"), "portal").backup
    assert policy is not None
    assert policy.export == Export(Path("/mnt/usb/portal"), tuple(readers), 3, Path("/mnt/usb"))
    assert (policy.target.mount, policy.target.s3_region) == (Path("/mnt/usb"), "eu-central-1")
    timers = {timer["name"]: timer["at"] for timer in role.value("__stack__backup_timers")}
    assert timers["export"] == "Sun *-*-* 06:00"
    wrong = rendered(stack__backup_target=TARGET, stack__backup_export=wish | {"recipients": ["AGE-SECRET-KEY-1"]})
    assert "öffentliche Schlüssel" in wrong.value("__stack__problems")[0]
    assert "nichts zu exportieren" in rendered(stack__backup_export=wish).value("__stack__problems")[0]


def test_a_disk_or_share_is_named_with_the_place_where_it_has_to_be_mounted() -> None:
    target = {"address": "/mnt/nas/web1", "password": PASSWORD, "mount": "/mnt/nas/"}
    export = {"directory": "/media/usb"}
    assert rendered(stack__backup_target=target).value("__stack__problems") == []
    (said,) = rendered(stack__backup_target=target, stack__backup_export=export).value("__stack__problems")
    assert "stack__backup_export: /media/usb liegt, wo" in said


def test_a_wrong_quiesce_is_told_with_its_choices() -> None:
    wrong = [{"name": "portainer_data", "quiesce": "freeze"}]
    problems = rendered(stack__backup_target=TARGET, stack__backup_volumes=wrong).value("__stack__problems")
    assert "none oder pause oder stop" in problems[0]


def test_backups_are_planned_with_jitter_and_made_up_for_and_switched_off_without_a_target() -> None:
    role = rendered(stack__backup_target=TARGET, stack__backup_at="*-*-* 01:00", stack__backup_jitter=60)
    files = {Path(item["path"]).name: item["content"] for item in role.value("__stack__plain_files")}
    lines = files["upkeep-backup@portal.timer"].splitlines()
    assert {"OnCalendar=*-*-* 01:00", "RandomizedDelaySec=60", "Persistent=true"} <= set(lines)
    assert "OnCalendar=*-*-* 05:00" in files["upkeep-verify@portal.timer"].splitlines()
    assert [timer["at"] for timer in role.value("__stack__backup_timers")] == [
        "*-*-* 01:00",
        "*-*-* 05:00",
        "hourly",
        "",
        "Sun *-*-* 06:30",
    ]
    assert [timer["at"] for timer in rendered().value("__stack__backup_timers")] == ["", "", "hourly", "", ""]


def test_a_trial_judges_the_data_with_the_applications_own_check_and_is_missed_only_where_it_is_planned() -> None:
    check = {"command": ["lager", "ledger", "verify"]}
    policy = policies.parse(
        rendered(stack__backup_target=TARGET, stack__drill_check=check).yaml("stack.yml.j2"), "portal"
    )
    assert policy.backup is not None
    assert policy.backup.drill.check is not None
    assert (policy.backup.drill.check.command[0], policy.backup.drill.overdue) == ("lager", 691200)
    unplanned = rendered(stack__backup_target=TARGET, stack__drill_at="").yaml("stack.yml.j2")
    assert unplanned["backup"]["drill"] == {"overdue": 0}
