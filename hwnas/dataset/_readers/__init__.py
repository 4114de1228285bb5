"""Readers of the official files, one module a format: path in, columns out."""
