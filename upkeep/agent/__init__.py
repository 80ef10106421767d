"""The agent: the one process on a host that carries out runs. Its doors are two Unix sockets."""
