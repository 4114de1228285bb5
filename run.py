"""One experiment, or several with ``-m``: ``python run.py predictor=mlp dataset=hwnas/edgegpu``."""

import sys

from hwnas.cli import main

if __name__ == "__main__":
    main(["run", *sys.argv[1:]])
