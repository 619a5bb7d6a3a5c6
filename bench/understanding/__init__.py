"""How fast are messages understood, and how well from a few examples? See ``__main__``."""
