"""``python -m hwnas COMMAND``: the command line of a checkout that is not installed."""

from hwnas.cli import main

if __name__ == "__main__":
    main()
