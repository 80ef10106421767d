"""The web door of a stack: the few verbs the internet may say, in a process without any rights.

Standard library only. The gate forwards to a socket that systemd owns; the socket *is* the stack.
"""
