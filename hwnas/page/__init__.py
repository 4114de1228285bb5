"""The report page: one HTML file of finished results, which opens from disk without a network."""

from hwnas.page._page import LIMIT, write_page

__all__ = ["LIMIT", "write_page"]
