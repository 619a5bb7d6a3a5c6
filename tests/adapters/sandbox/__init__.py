"""Tests of the sandbox as an adapter."""
