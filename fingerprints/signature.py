"""MinHash signatures: Jaccard estimates, LSH bands. Bit for bit datasketch 2's ``MinHash(num_perm=128, scheme="affine32")``."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

PERMUTATIONS = 128
DATA = Path(__file__).with_name("permutations.npy")


@cache
def permutations() -> NDArray[np.uint32]:
    """uint32[2, 128]: the factors (odd) and summands of the permutations a x + b mod 2**32, see `generate`."""
    loaded: NDArray[np.uint32] = np.load(DATA)
    loaded.flags.writeable = False
    return loaded


def generate() -> NDArray[np.uint32]:
    """The permutations that datasketch makes for seed 1."""
    random = np.random.RandomState(1)
    factors = random.randint(0, 1 << 31, PERMUTATIONS, dtype=np.uint32) * np.uint32(2) + np.uint32(1)
    return np.array([factors, random.randint(0, 1 << 32, PERMUTATIONS, dtype=np.uint32)])


def jaccard(a: NDArray[np.uint32], b: NDArray[np.uint32]) -> float:
    """Estimated Jaccard similarity of two sets from their signatures, 0 to 1, standard error at most .045. Broder 1997."""
    return int(np.count_nonzero(a == b)) / len(a)


@cache
def bands(threshold: float) -> tuple[int, int]:
    """(bands, rows a band) of 128 permutations that minimise the summed areas of false positives and false negatives at the
    threshold: the choice of datasketch's ``MinHashLSH(threshold, num_perm=128)``. Raises ValueError outside 0 to 1."""
    if not 0 <= threshold <= 1:
        raise ValueError(f"threshold must be from 0 to 1, not {threshold}")
    nodes, weights = np.polynomial.legendre.leggauss(PERMUTATIONS // 2 + 1)  # exact: the integrands have degree 128 at most
    nodes, weights = (nodes + 1) / 2, weights / 2
    below, above = nodes * threshold, threshold + nodes * (1 - threshold)
    best, choice = np.inf, (0, 0)
    for b in range(1, PERMUTATIONS + 1):
        for r in range(1, PERMUTATIONS // b + 1):
            false_positives = threshold * float(weights @ (1 - (1 - below**r) ** b))
            false_negatives = (1 - threshold) * float(weights @ (1 - above**r) ** b)
            error = (false_positives + false_negatives) / 2
            if error < best:
                best, choice = error, (b, r)
    return choice


if __name__ == "__main__":
    np.save(DATA, generate())
