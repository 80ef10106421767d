"""The proof under load: rolling updates that no caller notices, and writes that are neither lost nor doubled."""
