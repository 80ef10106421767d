"""The second book: backups, restores, their undoing and trials, disturbed at every record of their journals."""
