"""A pytest plug-in: a project's own tests hold a training step to its budgets.

    def test_the_step_stays_within_its_budget(step_budget):
        step_budget("scenarios/vit.yaml", step_time={"max": "42 ms"},
                    data_loading={"max_share": "5 %", "floor": "1 ms"})

    @pytest.mark.step_budget("scenarios/vit.yaml", reference_worktree="main")
    def test_no_slower_than_main(step_budget):
        step_budget()

Each call is an ``annt-prof check`` in a process of its own, so that neither what is tested nor
pytest is in the way of what is measured. A broken budget fails the test with the report; where
nothing was checked, or nothing can be told, the test is skipped with the reason, never green.

pytest imports this module in every project of an environment, so it imports next to nothing.
"""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import pytest

from annt_prof.check.defaults import RESULT_VARIABLE

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from annt_prof.check.result import CheckResult

MARKER = "step_budget"
RUNS_DIR = "annt_prof_runs_dir"
INCONCLUSIVE = "step_budget_inconclusive"
ENDINGS = ("skip", "fail")
OPTIONS = (
    "budgets", "baseline", "baselines", "reference", "reference_worktree", "reference_python",
    "data_dir", "device",
)  # fmt: skip
"""Arguments that are options of the command, which has hyphens in them."""

COMMAND = (sys.executable, "-m", "annt_prof", "check")
_FAILED, _INCONCLUSIVE, _NOTHING_CHECKED = 1, 4, 5
_ENDED = {2: "something needs mending", 3: "the run failed", 130: "it was interrupted"}
_CALLED = pytest.StashKey[bool]()


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add what a project may say in its pytest configuration."""
    parser.addini(RUNS_DIR, "Where step_budget leaves runs, from the rootdir.", default="runs")
    parser.addini(
        INCONCLUSIVE, f"Where a budget cannot be told: {' or '.join(ENDINGS)}.", default=ENDINGS[0]
    )


def pytest_configure(config: pytest.Config) -> None:
    """Make the marker known.

    Raises:
        pytest.UsageError: The configuration says what we do not know.
    """
    config.addinivalue_line(
        "markers",
        f"{MARKER}(scenario, *, overrides=(), {', '.join(f'{name}=None' for name in OPTIONS)}, "
        "**limits): what the step_budget fixture checks; arguments of its call win",
    )
    if config.getini(INCONCLUSIVE) not in ENDINGS:
        raise pytest.UsageError(f"{INCONCLUSIVE} must be {' or '.join(ENDINGS)}")


@pytest.hookimpl(trylast=True)  # once the test itself has passed
def pytest_runtest_call(item: pytest.Item) -> None:
    """Fail a test that is marked and checks nothing: it would be green whatever the step does."""
    __tracebackhide__ = True
    marked = any(marker.name == MARKER for marker in item.own_markers)
    if marked and not item.stash.get(_CALLED, False):
        pytest.fail("marked step_budget, but never calls the fixture step_budget()", pytrace=False)


@pytest.fixture
def step_budget(request: pytest.FixtureRequest) -> StepBudget:
    """Hold a training step to its budgets; see annt_prof.pytest_plugin.StepBudget."""
    return StepBudget(request.node)


class StepBudget:
    """What the fixture is: call it to hold a scenario to budgets.

    Args:
        item: The test. Paths are relative to the rootdir of its session.
    """

    def __init__(self, item: pytest.Item) -> None:
        self._item = item
        self._root = item.config.rootpath

    def __call__(self, scenario: str | Path | None = None, **arguments: object) -> CheckResult:
        """Measure a scenario and hold it to budgets.

        Args:
            scenario: Its file; the marker's unless given.
            arguments: ``budgets`` (a file), ``baseline``, ``baselines``, ``reference``,
                ``reference_worktree``, ``reference_python``, ``data_dir`` and ``device`` as the
                options of ``annt-prof check``; ``overrides``, a sequence of ``key.path=value``;
                and what may stand under ``budgets`` in a file, in place of the scenario's, such as
                ``step_time={"max": "42 ms"}``. The marker's hold unless given.

        Returns:
            The result, where no budget is broken and at least one was checked.

        Raises:
            pytest.fail.Exception: A budget is broken, or the check could not be made.
            pytest.skip.Exception: Nothing was checked, or nothing can be told.
        """
        __tracebackhide__ = True
        self._item.stash[_CALLED] = True
        marker = self._item.get_closest_marker(MARKER)
        if marker is not None:
            scenario = next((each for each in (scenario, *marker.args) if each is not None), None)
            arguments = {**marker.kwargs, **arguments}
        if scenario is None:
            pytest.fail("step_budget needs a scenario: step_budget('scenarios/vit.yaml')")
        done = self._check(str(scenario), arguments)
        return _judged(done, inconclusive_fails=self._item.config.getini(INCONCLUSIVE) == "fail")

    def _check(self, scenario: str, arguments: Mapping[str, object]) -> Done:
        __tracebackhide__ = True
        runs_dir = self._item.config.getini(RUNS_DIR)
        limits = {n: v for n, v in arguments.items() if n not in (*OPTIONS, "overrides")}
        given = {n: str(arguments[n]) for n in OPTIONS if arguments.get(n) is not None}
        if limits and "budgets" in given:
            pytest.fail(f"give limits ({', '.join(limits)}) or a file of budgets, not both")
        if limits:
            given["budgets"] = str(_written(limits, self._root, runs_dir))
        options = [part for n, v in given.items() for part in (f"--{n.replace('_', '-')}", v)]
        for override in _strings(arguments.get("overrides", ())):
            options += ["--set", override]
        return _run([*COMMAND, scenario, *options, "--runs-dir", runs_dir], self._root)


class Done(NamedTuple):
    """A check that has ended.

    Attributes:
        result: As its file has it; empty where there is none.
    """

    status: int
    stdout: str
    stderr: str
    result: bytes


def _strings(given: object) -> list[str]:
    return [given] if isinstance(given, str) else [str(each) for each in given]  # type: ignore[attr-defined]


def _written(limits: Mapping[str, object], root: Path, runs_dir: str) -> Path:
    """Write limits to a file, a metric a line, and return its path from the root.

    It stays, beside the runs, so that the command in the report can be repeated, and is named by
    what is in it, so that tests beside one another share it or have one each.
    """
    lines = [f"  {_as_yaml(name)}: {_as_yaml(limit)}\n" for name, limit in limits.items()]
    content = "".join(["budgets:\n", *lines]).encode()
    path = Path(runs_dir) / f"step_budget-{hashlib.sha256(content).hexdigest()[:8]}.yaml"
    (root / path).parent.mkdir(parents=True, exist_ok=True)
    part = (root / path).with_suffix(f".{os.getpid()}")
    part.write_bytes(content)
    part.replace(root / path)  # none reads half of it
    return path


def _as_yaml(value: object) -> str:
    return json.dumps(value, default=str, ensure_ascii=False)  # which YAML 1.2 holds


def _run(command: Sequence[str], directory: Path) -> Done:
    """Run a check to its end, or have it end as by Ctrl-C where the test is ended."""
    with tempfile.TemporaryDirectory(prefix="annt-prof-") as folder:
        result = Path(folder) / "result.json"
        with subprocess.Popen(
            command,
            cwd=directory,
            # No option, so that the command which a report names can be repeated.
            env={**os.environ, RESULT_VARIABLE: str(result)},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            errors="replace",
            start_new_session=True,  # a second signal would end it while it clears up
        ) as check:
            try:
                stdout, stderr = check.communicate()
            except BaseException:
                check.terminate()
                check.communicate()
                raise
        encoded = result.read_bytes() if result.exists() else b""
        return Done(check.returncode, stdout, stderr, encoded)


def _judged(done: Done, *, inconclusive_fails: bool) -> CheckResult:
    """Return the result, or end the test as it asks for."""
    __tracebackhide__ = True
    if done.status not in (0, _FAILED, _INCONCLUSIVE, _NOTHING_CHECKED) or not done.result:
        ended = _ENDED.get(done.status, f"it ended with status {done.status} and left no result")
        told = f"annt-prof check: {ended}\n{done.stderr}{done.stdout}"
        pytest.fail(told, pytrace=False)
    if done.status == _FAILED or (done.status == _INCONCLUSIVE and inconclusive_fails):
        pytest.fail(done.stdout, pytrace=False)
    import msgspec

    from annt_prof.check.result import CheckResult

    result = msgspec.json.decode(done.result, type=CheckResult)
    if done.status:
        pytest.skip(_why(result))
    sys.stdout.write(done.stdout)  # for who asks with -rP, or where the test fails further on
    return result


def _why(result: CheckResult) -> str:
    """Say on one line why nothing can be told."""
    from annt_prof.views.check_view import build_check_view

    view = build_check_view(result)
    reasons = [f"{notice.label}: {notice.text}" for notice in view.notices]
    return "; ".join([f"{view.word}: {view.verdict}", *reasons])
