"""What does a text mean? Reading messages: alarm, labels, personal data, language, FAQ."""

from __future__ import annotations

from wijkbot.understanding.kept import Kept
from wijkbot.understanding.known import Example
from wijkbot.understanding.matcher import Match, Matcher
from wijkbot.understanding.reader import Reader

__all__ = ["Example", "Kept", "Match", "Matcher", "Reader"]
