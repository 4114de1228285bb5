"""Measuring a device of one's own: latency, accuracy on digits, and the table of both."""
