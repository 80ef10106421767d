"""Who may do what: users, sessions, invitations, throttled sign-in."""
