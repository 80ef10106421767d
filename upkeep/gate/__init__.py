"""What the gate is told: its files, its maintenance page, which slots it gives requests to."""
