"""What does a text mean? Reading messages: alarm, labels, personal data, language, FAQ."""

from __future__ import annotations

from wijkbot.understanding.matcher import Example, Match, Matcher
from wijkbot.understanding.reader import Reader

__all__ = ["Example", "Match", "Matcher", "Reader"]
