"""Pages for people: templates, static files, translations."""
