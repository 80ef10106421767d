"""stack.yml, parsed once: what a stack is, and what may be done with it."""
