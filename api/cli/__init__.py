"""`sidik`: one file a command group, each parses, calls and prints. Imports inside commands: `sidik --help` must cost nothing.

Exit status: 0 done, 1 found something (flagged, rejected, unsound), 2 error, 130 interrupted.
"""

from __future__ import annotations

import os
import sys
from typing import Annotated

import typer

from api.cli import (
    administration,
    archive,
    auditing,
    cases,
    checking,
    importing,
    legal,
    policy,
    reports,
    retention,
    scanning,
    serving,
    sources,
)
from fingerprints.errors import SidikError

HUNG_UP = 141
"""Exit status where nobody reads the output any more: that of a program ended by SIGPIPE."""

app = typer.Typer(
    name="sidik",
    help="Copy detection for newsrooms: is this text ours, how much of it, and where.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)
for group in (
    serving,
    importing,
    checking,
    scanning,
    sources,
    cases,
    reports,
    legal,
    archive,
    administration,
    auditing,
    policy,
    retention,
):
    group.register(app)


def _print_version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version

        typer.echo(f"sidik {version('sidik')}")
        raise typer.Exit


@app.callback()
def _options(
    version: Annotated[
        bool, typer.Option("--version", help="Print the version and stop.", is_eager=True, callback=_print_version)
    ] = False,
    debug: Annotated[bool, typer.Option("--debug", help="Show where in the program an error came from.")] = False,
) -> None:
    return


def main() -> None:
    """The entry point. Errors are one line on standard error."""
    sys.exit(run(sys.argv[1:]))


def run(arguments: list[str]) -> int:
    """Run one command line; its exit status."""
    debug = "--debug" in arguments
    try:
        status = app(arguments, prog_name="sidik", standalone_mode=False)
        sys.stdout.flush()
        return status if isinstance(status, int) else 0
    except typer.TyperException as error:
        typer.echo(_usage(error), err=True)
        return 2
    except (KeyboardInterrupt, typer.Abort):
        typer.echo("sidik: interrupted", err=True)
        return 130
    except (SystemExit, BrokenPipeError):  # `sidik ... | head`; typer makes an exit of it
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return HUNG_UP
    except Exception as error:
        if debug:
            raise
        typer.echo(f"sidik: {_line(error)}", err=True)
        return 2


def _usage(error: typer.TyperException) -> str:
    message, context = error.format_message(), getattr(error, "ctx", None)
    if message.startswith("Usage:"):
        return message
    return f"sidik: {message} (see {context.command_path if context else 'sidik'} --help)"


def _line(error: Exception) -> str:
    """What went wrong, in one line that a terminal can show."""
    text = str(error)
    if isinstance(error, OSError):
        text = f"{error.filename}: {error.strerror}" if error.filename else error.strerror or text
    elif not isinstance(error, SidikError):
        text = f"an error in the program, not in what it was given ({type(error).__name__}: {text}); --debug shows where"
    return "".join(c if c.isprintable() else " " for c in text)
