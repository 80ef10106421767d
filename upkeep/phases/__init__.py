"""The phases of a run: one function each, taking the run and returning a detail for the report."""
