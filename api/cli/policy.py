"""`sidik policy`: the rules that checks follow, in versions."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from api.cli.common import StoreOption, load_settings, open_archive, open_detector, print_json, terminal_user, write_down

policy = typer.Typer(help="The rules that checks follow, in versions.", no_args_is_help=True)
FileArgument = Annotated[
    Path, typer.Argument(metavar="FILE", help="TOML with a [policy] table, only what differs from the defaults.")
]


def register(app: typer.Typer) -> None:
    app.add_typer(policy, name="policy")


@policy.command("show")
def show(store: StoreOption = None) -> None:
    """Print the policy in force: every rule, the version, what sidik.toml fixes (JSON)."""
    from api.policies import in_force, shown

    settings = load_settings(store=store)
    with open_archive(settings) as archive:
        print_json(shown(in_force(settings, archive)))


@policy.command("history")
def history(store: StoreOption = None) -> None:
    """Print the versions that were saved, newest first (JSON lines)."""
    import orjson

    from api.policies import list_versions

    with open_archive(load_settings(store=store)) as archive:
        cursor = None
        while True:
            page = list_versions(archive, cursor=cursor).to_dict()
            for version in page["items"]:
                typer.echo(orjson.dumps(version).decode())
            cursor = page["next_cursor"]
            if cursor is None:
                return


@policy.command("preview")
def preview(file: FileArgument, store: StoreOption = None) -> None:
    """Judge the last 200 kept checks under the policy in force and under these rules; saves nothing (JSON)."""
    from api.policies import preview as run

    settings = load_settings(store=store)
    with open_detector(settings) as detector:
        print_json(run(settings, detector, _rules(file)))


@policy.command("set")
def set_policy(
    file: FileArgument,
    note: Annotated[str | None, typer.Option("--note", metavar="TEXT", help="Why.")] = None,
    store: StoreOption = None,
) -> None:
    """Follow these rules from now on; running servers do within a second. What sidik.toml says still wins."""
    from api.policies import in_force, save_policy

    settings, rules = load_settings(store=store), _rules(file)
    with open_archive(settings) as archive:
        base = in_force(settings, archive).version
        saved = save_policy(settings, archive, rules, base=base, by=terminal_user().name, note=note)
        write_down(archive, "policy.changed", str(saved.version), digest=saved.policy.digest)
    typer.echo(f"policy version {saved.version} is in force ({saved.policy.name}, {saved.policy.digest})")


def _rules(file: Path) -> dict[str, Any]:
    import tomllib

    from fingerprints.errors import InputError

    try:
        table = tomllib.loads(file.read_text("utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise InputError(str(file), f"is not valid TOML: {error}") from None
    found = table.get("policy")
    if not isinstance(found, dict):
        raise InputError(str(file), "has no [policy] table")
    return found
