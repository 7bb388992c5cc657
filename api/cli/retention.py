"""`sidik retention`: what is kept of old checks, by hand."""

from __future__ import annotations

import typer

from api.cli.common import JsonOption, StoreOption, load_settings, open_archive, print_json, terminal_user


def register(app: typer.Typer) -> None:
    app.command("retention")(retention)


def retention(as_json: JsonOption = False, store: StoreOption = None) -> None:
    """Follow the settings `retention` and `retention_days` now, as the server does each minute; prints what was done."""
    settings = load_settings(store=store)
    from api.clock import new_id, now
    from api.retention import apply_rule, rule_of
    from fingerprints.errors import InputError

    rule, owner, reduced, dropped, waiting = rule_of(settings), new_id(), 0, 0, 0
    if rule is not None:
        with open_archive(settings) as archive:
            more = True
            while more:
                done = apply_rule(archive, rule, terminal_user(), owner, now(), at_once=True)
                if done is None:
                    raise InputError("retention", f"another process is at it; {reduced} reduced, {dropped} deleted until here")
                reduced, dropped, waiting, more = reduced + done.reduced, dropped + done.dropped, done.waiting, done.more
    if as_json:
        counts = {"reduced": reduced, "dropped": dropped, "waiting": waiting}
        print_json({"retention": settings.retention, "days": settings.retention_days, **counts})
    elif rule is None:
        typer.echo("retention is keep: checks stay as they are")
    else:
        what = f"{reduced:,} checks reduced to figures" if rule.name == "fingerprint" else f"{dropped:,} checks deleted"
        typer.echo(f"retention {rule.name} after {rule.days} days: {what}, {waiting:,} wait for an open case")
