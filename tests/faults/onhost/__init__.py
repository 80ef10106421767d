"""What runs on the testbed host itself: the agent with substituted ports, and the one who shoots at it and judges."""
