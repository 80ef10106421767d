"""The ledger: every movement of goods is a booking, and stock is nothing but their sum."""
