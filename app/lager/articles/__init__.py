"""Articles: what lies in the store. How much of it lies where comes from the ledger (a later step)."""
