"""The command `upkeep`: a client of the agent for people and timers."""
