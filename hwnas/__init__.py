"""hwnas: hardware-metric predictors in neural architecture search.

Each subpackage that has a twin folder in ``conf/`` is one role of an experiment: ``dataset``,
``device``, ``metric``, ``space``, ``image_set``, ``predictor``, ``tuning``, ``selection``,
``tracking``, ``experiment``.
"""

__version__ = "0.1.0"
