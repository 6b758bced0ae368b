"""Validation report: the verdicts of a run as Markdown, or as one HTML page without a single request."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from html import escape

from schemas.counts import count
from transforms.suites import Finding, Verdict

STYLE = """
:root { color-scheme: light dark; --ink: #1c1f23; --soft: #5c6570; --line: #d9dee4; --page: #fff;
  --card: #f6f8fa; --good: #1a7f37; --bad: #b3261e; --note: #8a5a00 }
@media (prefers-color-scheme: dark) { :root { --ink: #e6e9ed; --soft: #9aa4b0; --line: #363c44;
  --page: #14171a; --card: #1c2025; --good: #57c878; --bad: #ff8a80; --note: #e3b341 } }
* { box-sizing: border-box }
body { margin: 0 auto; max-width: 60rem; padding: 1.5rem 1rem 4rem; font: 16px/1.5 system-ui, sans-serif;
  color: var(--ink); background: var(--page) }
h1 { font-size: 1.5rem; margin: 0 0 .25rem }
h2 { font-size: 1.15rem; margin: 2rem 0 .25rem }
p, caption { margin: 0 0 .5rem; text-align: left; color: var(--soft) }
dl { display: grid; grid-template-columns: repeat(auto-fit, minmax(8rem, 1fr)); gap: .5rem; margin: 1rem 0 }
dl div { background: var(--card); border: 1px solid var(--line); border-radius: .5rem; padding: .5rem .75rem }
dt { color: var(--soft); font-size: .85rem }
dd { margin: 0; font-size: 1.2rem; font-variant-numeric: tabular-nums }
table { width: 100%; border-collapse: collapse }
th, td { text-align: left; vertical-align: top; padding: .4rem .6rem; border-bottom: 1px solid var(--line) }
th { font-weight: 600; font-size: .85rem; color: var(--soft) }
th:first-child { width: 4.5rem }
th.number { width: 9rem }
.number { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap }
.pass { color: var(--good) }
.fail { color: var(--bad); font-weight: 700 }
.note { color: var(--note) }
summary { cursor: pointer; color: var(--soft) }
code { display: block; font: .8rem/1.6 ui-monospace, monospace; overflow-wrap: anywhere }
@media (max-width: 34rem) {
  thead { display: none }
  tr { display: grid; grid-template-columns: 4rem 1fr auto auto; border-bottom: 1px solid var(--line) }
  td { border: 0; padding: .4rem .4rem .4rem 0 }
}
"""


def render_markdown(verdicts: Sequence[Verdict]) -> str:
    """Return the verdicts as Markdown: one table per suite, failing ids below it."""
    parts = [f"# Validation: {_plain(_summary(verdicts))}"]
    for verdict in verdicts:
        lines = [f"## {_plain(verdict.suite)}: {_word(verdict)}, {count(verdict.rows, 'row')}", ""]
        lines += ["| | expectation | rows against it | share |", "| --- | --- | ---: | ---: |"]
        lines += [
            f"| {_outcome(one)} | {_plain(one.text)} | {_count(one)} | {_share(one)} |"
            for one in verdict.results
        ]
        parts.append("\n".join(lines))
        failing = [one for one in verdict.results if not one.success and one.failing_ids]
        parts += [f"{_plain(one.text)}: " + ", ".join(map(_code, one.failing_ids)) for one in failing]
    return "\n\n".join(parts) + "\n"


def render_html(verdicts: Sequence[Verdict], accounting: Mapping[str, object]) -> str:
    """Return the verdicts, and the counts of the run by name, as one page: no script, no image, no link."""
    counts = "".join(
        f"<div><dt>{_text(name)}</dt><dd>{_text(_number(value))}</dd></div>"
        for name, value in accounting.items()
    )
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>Validation: {_text(_summary(verdicts))}</title>\n<style>{STYLE}</style>\n</head>\n<body>\n"
        f"<h1>Validation: {_text(_summary(verdicts))}</h1>\n"
        "<p>What did not pass a rule for rows is in quarantine. These rules judge what passed, as a whole; "
        "one that fails stops the publish, a note does not.</p>\n"
        f"<dl>{counts}</dl>\n{''.join(map(_section, verdicts))}</body>\n</html>\n"
    )


def _summary(verdicts: Iterable[Verdict]) -> str:
    failed = [verdict.suite for verdict in verdicts if not verdict.success]
    return f"{', '.join(failed)} failed" if failed else "passed"


def _section(verdict: Verdict) -> str:
    kind = "pass" if verdict.success else "fail"
    return (
        f'<section>\n<h2>{_text(verdict.suite)} <span class="{kind}">{_word(verdict)}</span></h2>\n'
        f"<table>\n<caption>{count(verdict.rows, 'row')}</caption>\n<thead><tr><th></th><th>expectation</th>"
        '<th class="number">rows against it</th><th class="number">share</th></tr></thead>\n'
        f"<tbody>\n{''.join(map(_row, verdict.results))}</tbody>\n</table>\n</section>\n"
    )


def _row(one: Finding) -> str:
    ids = " ".join(map(_text, one.failing_ids))
    more = f"<details><summary>rows</summary><code>{ids}</code></details>" if ids else ""
    return (
        f'<tr><td class="{_outcome(one).lower()}">{_outcome(one)}</td><td>{_text(one.text)}{more}</td>'
        f'<td class="number">{_count(one)}</td><td class="number">{_share(one)}</td></tr>\n'
    )


def _outcome(one: Finding) -> str:
    return "pass" if one.success else "note" if one.note else "FAIL"


def _count(one: Finding) -> str:
    return f"{one.unexpected_count:,}"


def _share(one: Finding) -> str:
    return f"{one.unexpected_share:.2%}"


def _word(verdict: Verdict) -> str:
    return "passed" if verdict.success else "FAILED"


def _number(value: object) -> str:
    return f"{value:,}" if isinstance(value, int | float) and not isinstance(value, bool) else str(value)


def _text(value: str) -> str:
    return escape(value, quote=True)


def _plain(value: str) -> str:
    """Return a text that stays in its cell and is no Markdown or HTML."""
    return "".join(f"\\{c}" if c in "\\`*_[]|<>#" else c for c in " ".join(value.split()))


def _code(value: str) -> str:
    words = " ".join(value.split())
    return f"<code>{_plain(escape(words))}</code>" if "`" in words else f"`{words}`"
