"""`sidik serve`."""

from __future__ import annotations

from typing import Annotated

import typer

from api.cli.common import StoreOption


def register(app: typer.Typer) -> None:
    app.command("serve")(serve)


def serve(
    host: Annotated[str | None, typer.Option(help="Address to listen on [default: 127.0.0.1].", show_default=False)] = None,
    port: Annotated[int | None, typer.Option(help="Port; 0 takes a free one [default: 8000].", show_default=False)] = None,
    store: StoreOption = None,
    workers: Annotated[int | None, typer.Option(help="Processes on the one port [default: 1].", show_default=False)] = None,
) -> None:
    """Serve the HTTP API and the pages; says its address when it is ready."""
    from api.server import serve as run
    from api.settings import Settings

    raise typer.Exit(run(Settings.load(host=host, port=port, store=store, workers=workers)))
