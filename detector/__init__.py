"""From a text to a report. Knows nothing of HTTP."""
