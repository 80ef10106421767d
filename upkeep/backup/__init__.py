"""Backups of a stack: what is saved, where it goes, how long it is kept, and how it is known to be good."""
