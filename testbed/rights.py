"""Which capabilities a host gets: those of this machine that every Docker knows, but for two.

`--cap-add ALL` will not do: where a capability is missing on the machine, Docker 20.10 fails
unless it is dropped by name, and Docker 26 fails if it is. The newest three (PERFMON, BPF,
CHECKPOINT_RESTORE) are unknown to 20.10; SYS_ADMIN covers what systemd and Docker need of them.
"""

from pathlib import Path

# In the order of linux/capability.h: the position is the bit.
_NAMES = """
    CHOWN DAC_OVERRIDE DAC_READ_SEARCH FOWNER FSETID KILL SETGID SETUID SETPCAP LINUX_IMMUTABLE
    NET_BIND_SERVICE NET_BROADCAST NET_ADMIN NET_RAW IPC_LOCK IPC_OWNER SYS_MODULE SYS_RAWIO
    SYS_CHROOT SYS_PTRACE SYS_PACCT SYS_ADMIN SYS_BOOT SYS_NICE SYS_RESOURCE SYS_TIME
    SYS_TTY_CONFIG MKNOD LEASE AUDIT_WRITE AUDIT_CONTROL SETFCAP MAC_OVERRIDE MAC_ADMIN SYSLOG
    WAKE_ALARM BLOCK_SUSPEND AUDIT_READ
"""
# SYS_RESOURCE, so that hosts behave alike on machines with and without it. SYS_TIME, because the
# clock is the machine's: the first time zone told to a kernel warps it.
_WITHHELD = {"SYS_RESOURCE", "SYS_TIME"}


def capabilities(status: str | None = None) -> list[str]:
    """Return the capabilities to add, read from the machine's `/proc/1/status`."""
    text = status if status is not None else Path("/proc/1/status").read_text(encoding="utf-8")
    held = int(next(line.split()[1] for line in text.splitlines() if line.startswith("CapBnd:")), 16)
    return [name for bit, name in enumerate(_NAMES.split()) if held >> bit & 1 and name not in _WITHHELD]
