"""Upkeep: rolls out, updates, checks and backs up self-hosted applications."""

__version__ = "0.1.0"
