"""Tests of the Telegram adapter, and the local Bot API that they talk to."""
