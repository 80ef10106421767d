"""Trial restores: the newest backup comes back in a place of its own, beside what serves, and proves itself there."""
