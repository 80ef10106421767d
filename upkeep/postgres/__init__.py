"""Backups of PostgreSQL over TCP, whatever runs the server: read back in full, proven by a drill, restored by a switch.

Knows nothing of Ansible and needs nothing but the standard library.
"""
