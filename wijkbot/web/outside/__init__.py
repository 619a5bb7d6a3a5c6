"""The page of residents away from this server: written for another party, and checked there."""
