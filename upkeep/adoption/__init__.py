"""Taking over a compose project that already runs on the host: its application, its database, its data, its ports."""
