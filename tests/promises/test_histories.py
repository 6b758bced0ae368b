"""Random histories of two sources: every run pays for the change alone, and leaves what a rebuild makes."""

from __future__ import annotations

import copy
import shutil
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow.compute as pc
import pytest
from hypothesis import HealthCheck, Phase, event, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine as Machine
from hypothesis.stateful import initialize, precondition, rule, run_state_machine_as_test

import infra.store.publish as publishing
from flows.stages.step import Step, direct
from infra.store import releases
from infra.store.rollback import resume, rollback
from tests.flows.projects import Paid
from tests.oracle import differences, published
from tests.promises.histories import (
    CHANGES,
    QUIET,
    SETTINGS,
    SOURCES,
    TICKETS,
    UNEMBEDDED,
    UNPARSED,
    Folder,
    Pairs,
    ProjectFile,
    in_small_batches,
)
from tests.promises.trials import Asked, DiedError, Dying, OneStore, Runtimes, Tools, unlike_rebuilt

NOW = datetime(2026, 1, 1, tzinfo=UTC)
ALLOWED = {"allow_shrink": True, "allow_rebuild": True}
ANY = st.integers(0, 11)
SOURCE = st.sampled_from(SOURCES)


class History(Machine):
    """One project, what is done to it, and what its runs may cost."""

    def __init__(self, tools: Tools, *, judged: bool) -> None:
        super().__init__()
        self.tools, self.patch = tools, pytest.MonkeyPatch()
        in_small_batches(self.patch, judged=judged)
        shutil.rmtree(tools.root, ignore_errors=True)
        self.project = OneStore(root=tools.root, embedders={}, parses=tools.parses)
        self.file = ProjectFile(project=self.project, tools=tools, patch=self.patch)
        self.file.write()
        self.workspace = self.project.open()
        self.folders = {
            name: Folder(root=tools.root / name, name=name, said=1_000 * n) for n, name in enumerate(SOURCES)
        }
        self.embedded: set[tuple[str, str]] = set()
        self.released: dict[int, dict[str, Pairs]] = {0: {}}
        """By release and source: the items whose documents are live in it."""
        self.rejected: dict[str, Pairs] = {name: {} for name in SOURCES}
        self.pending: dict[str, set[str]] = {name: {"first"} for name in SOURCES}
        """What was done to each source since a run of it came to its end."""
        self.on_hold, self.sound = False, True

    @initialize(new=st.booleans())
    def begin(self, new: bool) -> None:
        """A new store, or one in which both sources were ingested."""
        if new or not self.tools.beginning:
            for folder in self.folders.values():
                folder.begin()
        if new:
            return
        kept, known = self.tools.root.with_name("beginning"), ("embedded", "released", "rejected", "pending")
        if not self.tools.beginning:
            for name in SOURCES:
                self.run(name, **ALLOWED)
            shutil.copytree(self.tools.root, kept)
            said = {name: folder.said for name, folder in self.folders.items()}
            mine = {name: getattr(self, name) for name in known}
            self.tools.beginning |= copy.deepcopy(mine | {"said": said})
        shutil.copytree(kept, self.tools.root, dirs_exist_ok=True)
        for name in known:
            setattr(self, name, copy.deepcopy(self.tools.beginning[name]))
        for name, folder in self.folders.items():
            folder.said = self.tools.beginning["said"][name]

    @rule(source=SOURCE, changes=st.lists(st.tuples(st.sampled_from(CHANGES), ANY), min_size=1, max_size=3))
    def change_items(self, source: str, changes: list[tuple[str, int]]) -> None:
        done = {what for what, at in changes if self.folders[source].change(what, at)}
        self.pending[source] |= done

    @rule(source=SOURCE, what=st.sampled_from(SETTINGS), at=ANY)
    def change_settings(self, source: str, what: str, at: int) -> None:
        if self.file.change(what, source, at):
            self.workspace = self.project.open()
            for name in [source] if what in ("acl", "label") else SOURCES:
                self.pending[name].add(what)

    @rule(source=SOURCE)
    def ingest(self, source: str) -> None:
        self.run(source, **ALLOWED)

    @rule(source=SOURCE)
    def ingest_unattended(self, source: str) -> None:
        """A scheduled run: what a setting or a stage changed is redone only when a person allows it."""
        base = releases.current(self.workspace.store)
        tables = {index.table for index in self.workspace.indexes.values()}
        must_refuse = base is not None and bool(base.counts["documents"]) and not tables <= base.tables.keys()
        paid = self.run(source)
        assert paid is not None
        assert paid.run.state == "refused" or not must_refuse

    @rule(
        source=SOURCE,
        stage=st.sampled_from(["list", "stage", "audit", "publish", "sync"]),
        nth=st.integers(0, 2),
        after=st.booleans(),
    )
    def ingest_broken_off(self, source: str, stage: str, nth: int, after: bool) -> None:
        with pytest.MonkeyPatch.context() as patch:
            dying = Dying(stage=stage, nth=nth, after=after)
            patch.setattr(publishing, "sync_to_disk", dying.around("sync", publishing.sync_to_disk))
            self.run(source, step=dying.step, **ALLOWED)

    @precondition(lambda self: max(self.released) > 1)
    @rule(at=ANY)
    def roll_back(self, at: int) -> None:
        self.sound = False
        target = 1 + at % max(self.released)
        release = rollback(self.project.store, target, now=NOW)
        ours, theirs = (published(self.workspace, n) for n in (release.release, target))
        assert differences(ours, theirs) == []
        self.released[release.release] = copy.deepcopy(self.released[target])
        for pending in self.pending.values():
            pending.add("rollback")
        self.on_hold = self.sound = True

    @precondition(lambda self: self.on_hold)
    @rule()
    def resume(self) -> None:
        release = resume(self.project.store, now=NOW).release
        self.released[release] = copy.deepcopy(self.released[release - 1])
        self.on_hold = False

    @rule()
    def look(self) -> None:
        """Compare every source that is up to date with what its folder alone makes."""
        both = published(self.workspace) if self.project.newest() else {}
        workspace = replace(self.workspace, _embedders=self.tools.runtimes[0])
        for name in [name for name in SOURCES if not self.pending[name]]:
            ours = {n: rows.filter(pc.equal(rows["source"], name)) for n, rows in both.items()}
            assert unlike_rebuilt(workspace, name, ours) == []

    def teardown(self) -> None:
        """Let every history end up to date, and then idle."""
        try:
            if self.sound:
                if self.on_hold:
                    self.resume()
                for name in [name for name in SOURCES if self.pending[name]]:
                    self.run(name, **ALLOWED)
                for name in SOURCES:
                    self.run(name)
                self.look()
        finally:
            self.patch.undo()

    def run(self, name: str, *, step: Step = direct, **options: bool) -> Paid | None:
        """Ingest a source, and hold the run to what it may cost; None when it was broken off."""
        self.sound = False
        kinds, due = set(self.pending[name]), self.due(name)
        base, versions, before = self.project.newest(), self.project.versions(), self.project.rows(name)
        parses, paid = self.project.parses(), None
        self.tools.asked.clear()
        try:
            paid = self.project.ingest(name, step=step, **options)
        except DiedError:
            self.pending[name].add("died")
        event(f"a run was {paid.run.state if paid else 'broken off'}")
        asked, parses = list(self.tools.asked), self.project.parses() - parses
        self.check_costs(kinds, due, paid, parses, asked)
        newest = self.project.newest()
        if newest == base:
            assert paid is None or self.project.versions() == versions
        else:
            self.check_release(name, base, newest, asked)
        if paid is not None and paid.run.state != "refused":
            self.settle(name, before)
        if paid is not None and paid.run.state == "refused":
            self.check_refusal(name, paid, parses, asked)
        self.sound = True
        return paid

    def check_costs(
        self, kinds: set[str], due: set[str], paid: Paid | None, parses: int, asked: Asked
    ) -> None:
        assert len(set(asked)) == len(asked), "a text was embedded twice in one run"
        assert not set(asked) & self.embedded, "a text was embedded that had been embedded before"
        self.embedded |= set(asked)
        is_clear = paid is not None and not kinds & {"first", "died", "rollback", "refused"}
        assert parses <= len(due | ({TICKETS} if not is_clear else set()))
        if paid is None or paid.run.state == "refused":
            return
        assert parses == len(due) or not is_clear
        assert parses == 0 or not kinds <= UNPARSED
        assert asked == [] or not kinds <= UNEMBEDDED
        assert paid.run.state == "unchanged" or not kinds <= QUIET

    def check_release(self, name: str, base: int, newest: int, asked: Asked) -> None:
        """A release has what the run embedded, and differs from the one before."""
        assert newest == base + 1
        pairs = {key: pair for key, pair in self.listed(name).items() if self.folders[name].passes(key)}
        self.released[newest] = {**self.released[base], name: pairs}
        ours = published(self.workspace, newest)
        assert {text for _, text in asked} <= set(ours["chunks"]["text"].to_pylist())
        if base:
            before, after = (releases.get(self.workspace.store, n).indexes for n in (base, newest))
            assert before != after or differences(ours, published(self.workspace, base)) != []

    def check_refusal(self, name: str, paid: Paid, parses: int, asked: Asked) -> None:
        """A gate that refused cost nothing; a hold lets the run stage its work."""
        assert paid.run.refused is not None
        if paid.run.refused["code"] == "on_hold":
            assert self.on_hold
            self.pending[name].add("refused")
        else:
            assert (parses, asked) == (0, [])

    def settle(self, name: str, before: dict[str, dict[str, Any]]) -> None:
        """Note what a run that came to its end settled, and check what became of each document."""
        pairs = self.listed(name)
        newest = self.project.newest()
        good = {key: pair for key, pair in pairs.items() if self.folders[name].passes(key)}
        self.released[newest][name] = good
        self.rejected[name] = {key: pair for key, pair in pairs.items() if key not in good}
        self.pending[name].clear()
        after, meta = self.project.rows(name), self.workspace.opened.source(name).meta_hash
        assert {row["meta_hash"] for row in after.values()} <= {meta}
        assert self.folders[name].wrongs(before, after) == []

    def due(self, name: str) -> set[str]:
        """Return the items whose bytes or parser are not those that were published, or rejected, last."""
        released = self.released[self.project.newest()].get(name, {})
        known = (released, self.rejected[name])
        return {key for key, pair in self.listed(name).items() if pair not in [of.get(key) for of in known]}

    def listed(self, name: str) -> Pairs:
        return self.folders[name].pairs(self.workspace.opened.source(name))


@pytest.mark.parametrize(
    ("histories", "steps", "judged"),
    [
        pytest.param(20, 8, False, marks=pytest.mark.quick),
        pytest.param(200, 12, True, marks=[pytest.mark.gate, pytest.mark.timeout(3_600)]),
    ],
)
def test_every_run_of_a_random_history_pays_for_the_change_alone_and_leaves_what_a_rebuild_makes(
    tmp_path: Path,
    runtimes: Runtimes,
    parses: Callable[[], int],
    histories: int,
    steps: int,
    judged: bool,
) -> None:
    tools = Tools(root=tmp_path / "project", parses=parses, runtimes=runtimes)
    run_state_machine_as_test(  # type: ignore[no-untyped-call]
        lambda: History(tools, judged=judged),
        settings=settings(
            max_examples=histories,
            stateful_step_count=steps,
            deadline=None,
            phases=[Phase.explicit, Phase.reuse, Phase.generate, *([Phase.shrink] if judged else ())],
            suppress_health_check=list(HealthCheck),
        ),
    )
