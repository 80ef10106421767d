"""Image references, versions and ranges of them, MongoDB's rules for changing its own."""
