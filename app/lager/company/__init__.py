"""The settings of the business itself: its name, its colour, whom to call."""
