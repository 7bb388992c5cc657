"""From a page to its fingerprint, and the index over fingerprints. No web, no verdicts."""
