"""The second book: what lies on a host whose backups, restores and trials are disturbed, and who looks at it."""
