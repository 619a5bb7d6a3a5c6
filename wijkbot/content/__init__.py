"""The moderators' files become typed items, and every mistake in them a line to mend."""
