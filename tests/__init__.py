"""The tests: a folder a subpackage."""
