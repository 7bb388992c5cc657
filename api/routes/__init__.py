"""One file for each kind of thing the API offers. Each adds its routes with `add_routes(app)`."""
