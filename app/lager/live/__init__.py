"""Every change on every device at once: outbox → numbered events → each slot's own clients (ADR 0022)."""
