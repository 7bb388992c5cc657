"""The compiled loops of passage detection (numba), nothing else."""

from fingerprints.kernels import use_cache

use_cache()
