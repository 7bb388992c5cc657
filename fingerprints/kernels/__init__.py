"""The compiled loops (numba), nothing else. Signatures are eager, code is cached on disk, the GIL is released."""
