"""Telling people: what is told, by which ways, and that a failure to tell is told, too."""
