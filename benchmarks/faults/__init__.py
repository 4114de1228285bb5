"""Faults that are made on purpose, while the commands of ``hwnas`` run.

    python -m benchmarks.faults                      all of them, less than an hour on one core
    python -m benchmarks.faults --only killed,disk   some groups
    python -m benchmarks.faults --points 12 --seed 1

Each case is a row of ``outputs/benchmarks/faults.csv``, so that a later call runs only what is
missing. The counts go into the table of ``docs/notes/faults.md``.

After each fault the same command is started again, without a fault. The fault is survived if this
start ends with the same numbers as a run that nothing disturbed, and if no temporary file or folder
is left.
"""
