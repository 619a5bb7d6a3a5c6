"""What can be done with keys outside a browser: make a root and members, and recover."""
