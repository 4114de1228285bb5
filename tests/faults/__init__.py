"""Faults that people report of tools like this one, and input that is wrong."""
