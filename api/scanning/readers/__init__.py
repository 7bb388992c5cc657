"""Readers: articles out of files, folders and sites. Each is an iterator of articles and of what had to be rejected."""
