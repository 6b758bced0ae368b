"""`headwater demo`, `deploy`, `up`, `worker` and `maintain`."""

from __future__ import annotations

from typing import Annotated

import typer

from flows.cli.output import Output
from schemas.counts import count

RUNS_A_CORE = 2
"""Most of what a run takes, it waits."""


def register(app: typer.Typer) -> None:
    """Add the verbs."""
    app.command("demo")(demo)
    app.command("deploy")(deploy)
    app.command("up")(up)
    app.command("worker")(worker)
    app.command("maintain")(maintain)


def demo(context: typer.Context) -> None:
    """The bundled sample end to end. It says what it did and what to try next."""
    from flows.demo import run_demo

    out: Output = context.obj
    answer = run_demo(out.say)
    out.show(answer)


def deploy(context: typer.Context) -> None:
    """Register deployments and schedules with Prefect.

    One for each source and feature, and one for each flow on the whole. What the project file no longer names
    is removed; a schedule that was paused stays paused.
    """
    from flows.deployments import deploy as register_all

    out: Output = context.obj
    with out.workspace() as workspace:
        done = register_all(workspace.opened)
    lines = [f"{row['deployment']:<40} {row['schedule']}" for row in done["deployments"]]
    lines += [f"automation {name!r}" for name in done["automations"]]
    lines += [f"removed {name}" for name in done["removed"]]
    lines.append(f"work pool {done['work_pool']!r}; `headwater worker` works it off")
    out.show(done, "\n".join(lines))


def up(context: typer.Context) -> None:
    """Prefect's server, UI, worker and the schedules, until Ctrl-C."""
    from flows.up import run_until_stopped

    out: Output = context.obj
    run_until_stopped(out.project, out.say)


def worker(
    context: typer.Context,
    limit: Annotated[int | None, typer.Option(min=1, help="Runs at once; two a core without it.")] = None,
) -> None:
    """Run what is scheduled, on this machine, until Ctrl-C.

    `headwater up` starts one by itself. It is Prefect's worker, but that it imports everything once and forks
    its runs: one that finds nothing to do costs a second of processor time instead of eight. After an upgrade
    of Headwater, restart it.
    """
    import asyncio
    import os

    from flows.deployments import WORK_POOL, check_prefect
    from flows.work.worker import work

    check_prefect()
    out: Output = context.obj
    out.say(f"working off {WORK_POOL!r}; Ctrl-C stops it")
    asyncio.run(work(WORK_POOL, limit=limit or RUNS_A_CORE * (os.cpu_count() or 1)))


def maintain(context: typer.Context) -> None:
    """Thin out old releases and compact the tables. It is safe at any time, and forgets what nobody uses."""
    from flows.running import run_maintain

    out: Output = context.obj
    with out.workspace() as workspace:
        done = run_maintain(workspace)
    made = f"release {done.release} of equal content" if done.release else "no new release"
    lines = [
        f"{made}; {count(len(done.expired), 'release')} expired, {len(done.deleted)} deleted",
        f"compacted {', '.join(done.compacted) or 'nothing'}",
        f"{count(done.embeddings_collected, 'unused embedding')} deleted",
        f"{done.bytes_before / 1e6:,.1f} MB before, {done.bytes_after / 1e6:,.1f} MB after",
    ]
    out.show(done.as_dict(), "\n".join(lines + [f"left alone: {skipped}" for skipped in done.skipped]))
