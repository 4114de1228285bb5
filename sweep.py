"""A study, what is missing of it: ``python sweep.py experiment=quick``."""

import sys

from hwnas.cli import main

if __name__ == "__main__":
    main(["sweep", *sys.argv[1:]])
