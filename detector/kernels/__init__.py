"""The compiled loops of passage detection (numba), nothing else."""
