"""The command ``wijkbot``."""

from wijkbot.cli.main import main

__all__ = ["main"]
