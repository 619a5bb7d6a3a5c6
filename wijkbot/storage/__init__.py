"""Where is everything kept? Tables, mailboxes and their rules, on SQLite or PostgreSQL."""
