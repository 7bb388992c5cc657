"""`python -m tests.faults.launch ...`: the real command line, `sidik ...`, with index segments so small that they are written and
merged all the time instead of every 8192 articles; a merge inside MongoDB that a killed process began is taken up after 5 seconds
instead of 60."""

from __future__ import annotations

import sys

from api.cli import run
from fingerprints import upkeep
from fingerprints.stores import mongo_index_state

if __name__ == "__main__":
    upkeep.FLUSH, upkeep.AT_ONCE = 32, 8
    mongo_index_state.MERGE_SECONDS = 5
    sys.exit(run(sys.argv[1:]))
