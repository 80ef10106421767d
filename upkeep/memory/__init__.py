"""What the agent knows of a stack between runs, on disk: journals, state, audit log, what is held; and what may go."""
