"""A Windows host that answers, without Windows: for tests of playbooks and roles.

Ansible does everything for real (names, action plugins, the PowerShell wrapper, loops, check mode, rescue). Only the
last hop is replaced: the arguments are held against the installed collections' real specs, and a stateful model of a
host answers.
It proves arguments, order, failure and rollback. It does not prove what a module does on Windows.
"""
