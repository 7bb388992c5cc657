"""The sketch: which hashes of a text the index keeps, so that parts of it are found again.

Two families complete each other. *Ordered*: shingles chosen by winnowing (Schleimer, Wilkerson, Aiken: Winnowing, SIGMOD
2003), which finds every verbatim run of `RUN_WORDS` words. *Free*: unordered pairs of neighbouring content words, by stem,
sampled by their hash (as FracMinHash does), which survive reordering, rewording and changes of voice.

How the numbers were chosen: 29,563 real articles, 800 queries a kind, the source among the best 40 by rarity-weighted shared
hashes in the best 64 words of the submission. Excerpts of 20/30/60 words inside another article 1/1/1, of 60 with 30% of the
words replaced .96; half of all words replaced .996, half of the content words 1; shuffled in windows of 4/8 1/1, of a
60-word part 1/.998. Shingles of 3 words (window 10) with 77 pairs come out alike, but read five times more postings, of
shingles that may never be skipped because the guarantee hangs on them. Choosing shingles with few stop words first made no
difference at 5 words.
"""

from __future__ import annotations

RUN_WORDS = 12
"""Words. Every run of this length that two texts share is found: the printed guarantee, `engine.verbatim_run_words`."""
SHINGLE_WORDS = 5
WINDOW = RUN_WORDS - SHINGLE_WORDS + 1
"""Shingles. A run of `RUN_WORDS` words holds this many, and winnowing keeps at least one of them whatever stands around."""
PAIR_DISTANCE = 2
"""Content words. How far apart the words of a pair may stand, 1 being neighbours."""
PAIR_SHARE = 0.14
"""Share of the pairs that is kept: 65 of an article of 400 words, beside 86 shingles."""
