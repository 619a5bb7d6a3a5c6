"""Tests of wijkbot; the folders mirror the packages they test."""
