"""How runs go, told phase by phase, and who carries them out, ends them when they were killed."""
