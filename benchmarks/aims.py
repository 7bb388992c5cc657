"""The aims, each with what a run of `benchmarks.bench` reached, and the plots of it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from benchmarks import plots

Results = dict[str, Any]
Row = tuple[str, str, str, bool | None]
"""What, aim, reached, and whether it was."""
LEAST = {
    "edited": 0.99,
    "1 paragraph": 0.99,
    "2 paragraphs": 0.99,
    "30% replaced": 0.98,
    "1 paragraph, 10% edited": 0.95,
}
"""Recall that is aimed at."""


def rows(r: Results) -> Iterator[Row]:
    """All aims that this run can speak of."""
    for part in (_build, _find, _report, _bytes, _recall, _growth, _fingerprinting, _store, _http, _starts, _cores, _bounds):
        try:
            yield from part(r)
        except KeyError:  # a part that was not run, or a peer that is not installed
            continue


def _times(what: str, value: float, least: float) -> Row:
    return what, f">= {least:g}x", f"{value:.2f}x", value >= least


def _most(what: str, value: float, most: float, unit: str) -> Row:
    return what, f"<= {most:g} {unit}", f"{value:.3g} {unit}", value <= most


def _build(r: Results) -> Iterator[Row]:
    own = r["build"]["sidik"]["cpu_us"]
    yield "raw text to findable index, CPU an article", "", f"{own:.0f} us", None
    for name, least in (("rensa", 10), ("gaoya", 5), ("datasketch", 40), ("tantivy", 0), ("SQLite FTS5", 0)):
        if name in r["build"]:
            value = r["build"][name]["cpu_us"] / own
            yield _times(f"... beside {name}", value, least) if least else (f"... beside {name}", "", f"{value:.2f}x", None)


def _find(r: Results) -> Iterator[Row]:
    own = r["find"]["sidik"]["clean"]["p50"]
    yield "raw text to candidates, p50", "", f"{own:.3f} ms", None
    for name, least in (("datasketch", 10), ("rensa", 2), ("tantivy", 20), ("gaoya", 0), ("SQLite FTS5", 0)):
        if name in r["find"]:
            value = r["find"][name]["clean"]["p50"] / own
            yield _times(f"... beside {name}", value, least) if least else (f"... beside {name}", "", f"{value:.2f}x", None)


def _report(r: Results) -> Iterator[Row]:
    for kind, least in (("clean", 4.0), ("whole", 1.0), ("1 paragraph", 1.0), ("2 paragraphs", 1.0)):
        found = r["report"][kind]
        if "datasketch" in found:
            value = found["datasketch"] / found["p50"]
            yield _times(f"verified report beside datasketch's bare query, {kind} ({found['p50']:.2f} ms)", value, least)
    yield _most("verified report, edited", r["report"]["edited"]["p50"], 1.5, "ms")
    yield "clean submissions flagged", "0", f"{r['report']['clean']['flagged']:.3f}", r["report"]["clean"]["flagged"] == 0


def _bytes(r: Results) -> Iterator[Row]:
    own = sum(r["parts"][name] for name in ("ordered", "free", "documents"))
    yield _most("candidate index, bytes an article", own, 1200, "B")
    beside = sum(r["parts"][name] for name in ("signatures", "bands", "words"))
    yield "... signatures, their bands and the token cache beside it", "", f"{beside:.0f} B", None
    for name, weight in r["weights"].items():
        disk = "none" if weight["disk"] is None else f"{weight['disk']:.0f} B"
        ready = "" if weight["ready"] is None else f", ready in {weight['ready']:.2f} s"
        yield f"... {name}: memory, disk", "", f"{weight['memory']:.0f} B, {disk}{ready}", None
    yield _times("datasketch's memory to the candidate index", r["weights"]["datasketch"]["memory"] / own, 8)


def _recall(r: Results) -> Iterator[Row]:
    for kind, least in LEAST.items():
        value = r["find"]["sidik"][kind]["recall"]
        others = ", ".join(f"{name} {found[kind]['recall']:.2f}" for name, found in r["find"].items() if name != "sidik")
        yield f"recall, {kind} ({others})", f">= {least:g}", f"{value:.3f}", value >= least
        value = r["report"][kind]["recall"]
        yield f"... in the report, {kind}", f">= {least:g}", f"{value:.3f}", value >= least


def _growth(r: Results) -> Iterator[Row]:
    first, last = r["growth"][0], r["growth"][-1]
    for kind in ("clean", "copied"):
        value = last[kind]["p50"] / first[kind]["p50"]
        yield f"p50 at {last['articles']:,} against {first['articles']:,}, {kind}", "<= 2x", f"{value:.2f}x", value <= 2
    value = last["candidate_bytes"] / first["candidate_bytes"]
    yield "bytes an article, the same sizes", "within 10%", f"{value - 1:+.1%}", abs(value - 1) <= 0.1
    yield _most(f"ready after restart, {last['articles']:,} articles", last["ready"], 1.0, "s")
    yield _most("p50 at once to p50 after 5 s", last["at_once"] / last["clean"]["p50"], 2, "x")
    slowest = min(row["slowest_part"] for row in r["growth"])
    yield "durable import, articles a CPU second", ">= 3000", f"{last['import']:.0f}", last["import"] >= 3000
    yield "... of the slowest 10,000", ">= 3000", f"{slowest:.0f}", slowest >= 3000


def _fingerprinting(r: Results) -> Iterator[Row]:
    found = r["fingerprinting"]
    yield _times("fingerprinting to str.lower().split(), batch", found["batch"]["x split"], 1)
    value = found["batch"]["MB/s"]
    yield "fingerprinting in batch, MB/s a core", ">= 200", f"{value:.0f}", value >= 200


def _store(r: Results) -> Iterator[Row]:
    yield "durable import beside the peers' run, wall us", "", f"{r['build']['store']['wall_us']:.0f}", None


def _http(r: Results) -> Iterator[Row]:
    http = r["http"]
    rate, p99 = http["checks"]["rate"], http["checks"]["half_p99"]
    yield "POST /v1/checks, one worker, a second", ">= 400", f"{rate:.0f}", rate >= 400
    yield "... CPU of the server a check", "", f"{http['checks']['cpu_ms']:.2f} ms", None
    yield _most("... p99 at half that load", p99, 25, "ms")
    for name in ("bulk", "bulk_kept"):
        value = http["in_process"] / http[name]
        yield f"in-process rate to {name.replace('_', ', ')} checks", "<= 2x", f"{value:.2f}x", value <= 2


def _starts(r: Results) -> Iterator[Row]:
    for command, most in (("sidik --help", 0.3), ("sidik check", 1.0)):
        found = r["starts"][command]
        yield _most(f"{command}, seconds ({found['cpu']:.2f} s of CPU)", found["wall"], most, "s")


def _cores(r: Results) -> Iterator[Row]:
    for what in ("check", "kept check", "import"):
        value = r["two_cores"][f"{what} 2"] / r["two_cores"][f"{what} 1"]
        yield _times(f"bulk {what}, two cores to one", value, 1.7)


def _bounds(r: Results) -> Iterator[Row]:
    for name, found in r["hostile"].items():
        told = f"{found['candidates'] * 1000:.1f} ms, report {found['report'] * 1000:.0f} ms"
        yield f"hostile: {name}", "bounded", f"{told}, {found['matches']} matches, {found['omitted']} omitted", None
    for name in ("candidates", "report"):
        before, during = r["while_importing"]["before"][name], r["while_importing"]["during"][name]
        told = f"p50 {during['p50']:.2f} p99 {during['p99']:.1f} ms (alone {before['p50']:.2f}, {before['p99']:.1f})"
        yield f"while importing {r['while_importing']['rate']:.0f}/s: {name}", "never stopped", told, None


def table(r: Results) -> str:
    """For a terminal and for Markdown alike."""
    around = r["surroundings"]
    numbers = ", ".join(f"{name} {number or 'not installed'}" for name, number in around["versions"].items())
    corpus = around["corpus"]
    lines = [
        f"{around['articles']:,} articles of 400 words, {around['rounds']} rounds, {around['queries']} submissions a kind",
        f"Python {around['python']}, {numbers}",
        f"{around['processor']}, {around['cores']} cores, load {around['load']:.1f}; {corpus['file']} {corpus['sha256']}",
        "",
        "| | aim | reached | |",
        "| --- | --- | --- | --- |",
    ]
    for what, aim, reached, met in rows(r):
        lines.append(f"| {what} | {aim} | {reached} | {'' if met is None else 'yes' if met else 'no'} |")
    return "\n".join(lines)


def draw(r: Results, folder: Path) -> None:
    """The plots that this run has the figures for."""
    note = f"{r['surroundings']['articles']:,} articles of 400 words, one thread"
    if "build" in r and "find" in r:
        costs = {name: found["cpu_us"] for name, found in r["build"].items() if name != "store"}
        plots.bars(folder / "bench-build.svg", "From raw text to a findable index", note, costs, "us an article")
        p50 = {name: found["clean"]["p50"] for name, found in r["find"].items()}
        plots.bars(folder / "bench-find.svg", "From raw text to candidates, p50", note, p50, "ms")
    if "weights" in r:
        memory = {name: found["memory"] for name, found in r["weights"].items()}
        plots.bars(folder / "bench-memory.svg", "Memory", note, memory, "bytes an article")
    if len(r.get("growth", [])) > 1:
        series = {
            name: [(row["articles"], row[key]["p50"]) for row in r["growth"]]
            for name, key in (("clean", "clean"), ("copied", "copied"), ("report, clean", "report"))
        }
        plots.lines(folder / "bench-growth.svg", "From raw text to candidates and to the report, p50", "growing", series, "ms")
