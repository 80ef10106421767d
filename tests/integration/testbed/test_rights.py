"""Hosts get what the machine has, without what would let them change the machine."""

from testbed.rights import capabilities

WITHOUT_SYS_RESOURCE = "Name:\tinit\nCapBnd:\t000001fffeffffff\n"
EVERYTHING = "CapBnd:\t000001ffffffffff\n"


def test_hosts_look_alike_on_machines_with_and_without_sys_resource():
    assert capabilities(WITHOUT_SYS_RESOURCE) == capabilities(EVERYTHING)


def test_clock_is_withheld_and_administration_is_not():
    granted = capabilities(EVERYTHING)
    assert "SYS_TIME" not in granted
    assert {"SYS_ADMIN", "NET_ADMIN", "MKNOD"} <= set(granted)


def test_capability_the_machine_lacks_is_not_asked_for():
    assert capabilities("CapBnd:\t0000000000000001\n") == ["CHOWN"]
