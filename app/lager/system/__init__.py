"""The app's side of an update from the browser: what Upkeep publishes about this stack, and tickets for its door."""
