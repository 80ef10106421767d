"""What every run works with: itself, its progress, the stack's lock, why it failed."""
