"""Reading other sites: fetching, readers, scans, schedule."""
