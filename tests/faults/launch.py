"""`python -m tests.faults.launch ...`: the real command line, `sidik ...`, with index segments so small that they are written and
merged all the time instead of every 8192 articles."""

from __future__ import annotations

import sys

from api.cli import run
from fingerprints import upkeep

if __name__ == "__main__":
    upkeep.FLUSH, upkeep.AT_ONCE = 32, 8
    sys.exit(run(sys.argv[1:]))
