"""The addresses of the secure chat: of residents, and of the team behind a session."""
