"""Tests of the Matrix adapter against a real homeserver and an independent client."""
