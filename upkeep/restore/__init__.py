"""Restores of a stack's data: loaded beside the live data, exchanged behind the shut gate, undone as long as what was
there before is kept."""
