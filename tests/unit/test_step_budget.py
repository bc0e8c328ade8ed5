"""The pytest plug-in, with a command that ends as it is told to in place of ``annt-prof check``."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
import tomllib
from pathlib import Path

import msgspec
import pytest

from annt_prof import pytest_plugin
from annt_prof.cli.check import command
from annt_prof.scenario.budget_file import load_budgets
from hand_made_checks import CHECKS

pytest_plugins = ["pytester"]

ROOT = Path(__file__).parents[2]
NAME = "annt_prof.pytest_plugin"
PLUGIN = ("-p", NAME)
STUB = """\
import json, os, pathlib, sys
here = pathlib.Path(__file__).parent
(here / "given.json").write_text(json.dumps([os.getcwd(), *sys.argv[1:]]))
result = here / "result.json"
if result.exists():
    pathlib.Path(os.environ["ANNT_PROF_CHECK_RESULT"]).write_bytes(result.read_bytes())
print("the report")
print("the reason", file=sys.stderr)
sys.exit({status})
"""
A_TEST = """\
def test_it(step_budget):
    result = step_budget("s.yaml"{more})
    assert result.outcome == "pass"
"""


class Bench:
    """A project whose tests are run, and what the command in place of ours was given."""

    def __init__(self, pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
        self.pytester = pytester
        # Some plug-ins keep one state for all sessions of a process, and this one's is theirs.
        monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
        self._stub = pytester.mkdir("stub") / "stub.py"
        monkeypatch.setattr(pytest_plugin, "COMMAND", (sys.executable, str(self._stub)))

    def ends(self, status: int, outcome: str | None = None) -> None:
        """Have the command end so, with the result of a check of that outcome, if any."""
        self._stub.write_text(STUB.format(status=status))
        if outcome is not None:
            result = msgspec.json.encode(CHECKS[outcome])
            (self._stub.parent / "result.json").write_bytes(result)

    def run(self, test: str, *options: str) -> pytest.RunResult:
        self.pytester.makepyfile(test)
        return self.pytester.runpytest_inprocess(*PLUGIN, "-rs", *options)

    @property
    def given(self) -> list[str]:
        return json.loads((self._stub.parent / "given.json").read_text())


@pytest.fixture
def bench(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> Bench:
    return Bench(pytester, monkeypatch)


def limits_of(bench: Bench) -> Path:
    """Return the file of limits that the command was given."""
    return bench.pytester.path / bench.given[bench.given.index("--budgets") + 1]


def test_within_its_budgets_a_test_passes_and_has_the_result(bench):
    bench.ends(0, "pass")
    told = bench.run(A_TEST.format(more=""), "-rP")
    told.assert_outcomes(passed=1)
    told.stdout.fnmatch_lines(["the report"])
    root = str(bench.pytester.path)
    assert bench.given == [root, "s.yaml", "--runs-dir", "runs"]


def test_a_broken_budget_fails_with_the_report_and_no_traceback(bench):
    bench.ends(1, "failure")
    told = bench.run(A_TEST.format(more=""))
    told.assert_outcomes(failed=1)
    told.stdout.fnmatch_lines(["the report"])
    told.stdout.no_fnmatch_line("*step_budget(*")


@pytest.mark.parametrize(
    ("status", "outcome", "reason"),
    [
        (4, "inconclusive", "inconclusive: 1 of 2 budgets cannot be told; data_loading: the limit"),
        (5, "skipped", "nothing checked: 2 of 2 budgets skipped; throughput: there is no stored"),
    ],
)
def test_what_is_not_told_is_skipped_with_the_reason_at_the_tests_line(
    bench, status, outcome, reason
):
    bench.ends(status, outcome)
    told = bench.run(A_TEST.format(more=""))
    told.assert_outcomes(skipped=1)
    told.stdout.re_match_lines([rf"SKIPPED \[1\] test_.*\.py:2: {re.escape(reason)}.*"])


def test_what_cannot_be_told_fails_where_a_project_wants_it(bench):
    bench.ends(4, "inconclusive")
    told = bench.run(A_TEST.format(more=""), "-o", "step_budget_inconclusive=fail")
    told.assert_outcomes(failed=1)
    told.stdout.fnmatch_lines(["the report"])
    bench.ends(5, "skipped")
    told = bench.run(A_TEST.format(more=""), "-o", "step_budget_inconclusive=fail")
    told.assert_outcomes(skipped=1)


def test_the_configuration_is_looked_at(bench):
    bench.ends(0, "pass")
    told = bench.run(A_TEST.format(more=""), "-o", "step_budget_inconclusive=green")
    assert told.ret == pytest.ExitCode.USAGE_ERROR
    told.stderr.fnmatch_lines(["*step_budget_inconclusive must be skip or fail"])


@pytest.mark.parametrize(
    ("status", "said"),
    [
        (2, "something needs mending"),
        (3, "the run failed"),
        (130, "it was interrupted"),
        (7, "it ended with status 7 and left no result"),
        (0, "it ended with status 0 and left no result"),
        (1, "it ended with status 1 and left no result"),  # as of an exception that nobody caught
        (4, "it ended with status 4 and left no result"),
    ],
)
def test_what_could_not_be_checked_is_never_green(bench, status, said):
    bench.ends(status)
    told = bench.run(A_TEST.format(more=""))
    told.assert_outcomes(failed=1)
    told.stdout.fnmatch_lines([f"annt-prof check: {said}", "the reason", "the report"])


def test_arguments_are_the_options_of_the_command(bench):
    bench.ends(0, "pass")
    more = (
        ', baseline="main", baselines="b", reference="r.yaml", reference_worktree="HEAD~1", '
        'reference_python=None, data_dir="d", device="cpu", overrides=["a.b=1", "c=2"]'
    )
    bench.run(A_TEST.format(more=more)).assert_outcomes(passed=1)
    assert bench.given[1:] == [
        "s.yaml", "--baseline", "main", "--baselines", "b", "--reference", "r.yaml",
        "--reference-worktree", "HEAD~1", "--data-dir", "d", "--device", "cpu",
        "--set", "a.b=1", "--set", "c=2", "--runs-dir", "runs",
    ]  # fmt: skip


def test_every_argument_is_an_option_that_exists():
    options = {name: p for p in command.params for name in p.opts}
    assert {f"--{name.replace('_', '-')}" for name in pytest_plugin.OPTIONS} <= set(options)
    assert options["--result"].envvar == pytest_plugin.RESULT_VARIABLE


def test_limits_stand_in_a_file_that_stays_so_that_the_command_can_be_repeated(bench):
    bench.ends(0, "pass")
    more = (
        ', step_time=[{"max": "42 ms"}, {"max_ratio": 0.6, "to": "variant:baseline"}], '
        'data_loading={"max_share": "5 %", "floor": "1 ms"}, '
        'no_pitfalls=["item_every_iteration"], on={"torch": "2.14"}, '
        '**{"kernels.gemm": {"max": "3 ms"}}'
    )
    bench.run(A_TEST.format(more=more)).assert_outcomes(passed=1)
    file = limits_of(bench)
    assert file.parent == bench.pytester.path / "runs"
    read = load_budgets(file)
    assert [(b.metric, b.text) for b in read.limits] == [
        ("step_time", "42 ms"), ("step_time", "0.6"), ("data_loading", "5 %"),
        ("no_pitfalls", "item_every_iteration"), ("kernels.gemm", "3 ms"),
    ]  # fmt: skip
    assert read.on.torch == "2.14"
    assert [b.place.split(":")[-2] for b in read.limits] == ["2", "2", "3", "4", "6"]


def test_tests_with_other_limits_have_files_of_their_own(bench):
    bench.ends(0, "pass")
    bench.run(
        "def test_it(step_budget):\n"
        '    for limit in ("1 s", "2 s", "1 s"):\n'
        '        step_budget("s.yaml", step_time={"max": limit})\n'
    ).assert_outcomes(passed=1)
    assert len(list((bench.pytester.path / "runs").iterdir())) == 2


def test_limits_beside_a_file_of_budgets_are_refused(bench):
    bench.ends(0, "pass")
    told = bench.run(A_TEST.format(more=', budgets="b.yaml", step_time={"max": "1 s"}'))
    told.assert_outcomes(failed=1)
    told.stdout.fnmatch_lines(["*give limits (step_time) or a file of budgets, not both"])


def test_without_a_scenario_there_is_nothing_to_check(bench):
    bench.ends(0, "pass")
    told = bench.run("def test_it(step_budget):\n    step_budget()\n")
    told.assert_outcomes(failed=1)
    told.stdout.fnmatch_lines(["*step_budget needs a scenario*"])


MARKED = """\
import pytest

@pytest.mark.step_budget("s.yaml", device="cpu", reference_worktree="main")
def test_it(step_budget):
    step_budget({call})
"""


@pytest.mark.parametrize(
    ("call", "given"),
    [
        ("", ["s.yaml", "--device", "cpu", "--reference-worktree", "main"]),
        ("'t.yaml'", ["t.yaml", "--device", "cpu", "--reference-worktree", "main"]),
        ("device='cuda', reference_worktree=None", ["s.yaml", "--device", "cuda"]),
    ],
)
def test_a_markers_arguments_hold_unless_the_call_says_else(bench, call, given):
    bench.ends(0, "pass")
    bench.run(MARKED.format(call=call), "--strict-markers").assert_outcomes(passed=1)
    assert sorted(bench.given[1:-2]) == sorted(given)


@pytest.mark.parametrize("body", ["(): pass", "(step_budget): pass"])
def test_a_marked_test_that_checks_nothing_is_not_green(bench, body):
    bench.ends(0, "pass")
    marked = f"import pytest\n@pytest.mark.step_budget('s.yaml')\ndef test_it{body}\n"
    told = bench.run(marked)
    told.assert_outcomes(failed=1)
    told.stdout.fnmatch_lines(["*marked step_budget, but never calls the fixture*"])


def test_runs_go_where_the_project_wants_them_and_paths_are_from_its_root(bench):
    bench.ends(0, "pass")
    bench.pytester.makeini("[pytest]\nannt_prof_runs_dir = out/runs\n")
    below = bench.pytester.mkdir("below")
    (below / "test_it.py").write_text(A_TEST.format(more=', step_time={"max": "1 s"}'))
    told = bench.pytester.runpytest_inprocess(*PLUGIN, "--rootdir", bench.pytester.path, below)
    told.assert_outcomes(passed=1)
    assert bench.given[0] == str(bench.pytester.path)
    assert bench.given[-2:] == ["--runs-dir", "out/runs"]
    assert limits_of(bench).parent == bench.pytester.path / "out" / "runs"


def environment(**more: str) -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(ROOT), **more}


LOOK = """\
import sys
def pytest_sessionfinish():
    print("imported", *sorted(sys.modules))
"""


def test_pytest_imports_next_to_nothing_for_it(pytester):
    pytester.makeconftest(LOOK)
    pytester.makepyfile("def test_it(step_budget): pass\n")
    alone = {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}  # other plug-ins import what they like
    done = subprocess.run(
        [sys.executable, "-m", "pytest", *PLUGIN, "--co", "-q", "-s"],
        env=environment(**alone), capture_output=True, text=True, check=True,
    )  # fmt: skip
    names = next(line for line in done.stdout.splitlines() if line.startswith("imported")).split()
    assert NAME in names
    heavy = {"numpy", "torch", "pydantic", "msgspec", "click", "rich", "yaml", "ruamel"}
    assert not heavy & {name.partition(".")[0] for name in names}
    assert not {n for n in names if n.startswith("annt_prof.")} - {
        NAME, "annt_prof.check", "annt_prof.check.defaults",
    }  # fmt: skip


def test_it_may_be_installed_and_named_at_once(pytester):
    """An entry point of another name than its module's would be registered twice, and refused."""
    points = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["entry-points"]
    assert points["pytest11"] == {NAME: NAME}
    installed = pytester.mkdir("site") / "annt_prof_here-1.0.dist-info"
    installed.mkdir()
    (installed / "METADATA").write_text("Metadata-Version: 2.1\nName: annt-prof-here\nVersion: 1\n")
    (installed / "entry_points.txt").write_text(f"[pytest11]\n{NAME} = {NAME}\n")
    pytester.makepyfile("def test_it(step_budget): assert step_budget\n")
    both = environment(PYTHONPATH=os.pathsep.join([str(ROOT), str(installed.parent)]))
    for options in ((), PLUGIN):
        done = subprocess.run(
            [sys.executable, "-m", "pytest", "-q", *options],
            env=both, capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert "1 passed" in done.stdout, done.stdout + done.stderr


SLEEPER = """\
import pathlib, signal, sys, time
here = pathlib.Path(__file__).parent
def end(*_):
    with (here / "ended").open("a") as file:
        file.write("told once\\n")
    time.sleep(0.3)
    sys.exit(130)
signal.signal(signal.SIGTERM, end)
signal.signal(signal.SIGINT, end)
(here / "started").touch()
time.sleep(120)
"""


def test_ctrl_c_ends_the_check_too_and_leaves_it_the_time_to_clear_up(pytester):
    stub = pytester.path / "stub.py"
    stub.write_text(SLEEPER)
    pytester.makeconftest(
        "import sys\nfrom annt_prof import pytest_plugin\n"
        f"pytest_plugin.COMMAND = (sys.executable, {str(stub)!r})\n"
    )
    pytester.makepyfile(A_TEST.format(more=""))
    session = subprocess.Popen(
        [sys.executable, "-m", "pytest", *PLUGIN], env=environment(), start_new_session=True,
        stdout=subprocess.PIPE, text=True,
        # A shell in the background has its children ignore Ctrl-C.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    )  # fmt: skip
    deadline = time.monotonic() + 60
    while not (pytester.path / "started").exists():
        assert time.monotonic() < deadline
        time.sleep(0.02)
    os.killpg(session.pid, signal.SIGINT)  # as a terminal does
    session.communicate(timeout=60)
    assert session.returncode == pytest.ExitCode.INTERRUPTED
    assert (pytester.path / "ended").read_text() == "told once\n"
