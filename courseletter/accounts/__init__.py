"""Who may work here: people with a role and a password, their sessions, and the links that let them in."""
