"""The packages of the wheel; everything else about it is in ``pyproject.toml``."""

from setuptools import find_packages, setup

# Finding packages and adding one that lies elsewhere is what pyproject.toml cannot express.
setup(packages=[*find_packages(include=["hwnas", "hwnas.*"]), "hwnas.conf"])
