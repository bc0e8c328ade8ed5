"""``annt-prof check``: what a user types, sees and finds on disk."""

from __future__ import annotations

import json
import re
import shlex
import shutil
import subprocess
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest
from msgspec.structs import replace

from annt_prof.cli import holding, main
from annt_prof.cli.holding import Asked
from annt_prof.cli.references import Named
from annt_prof.errors import UserError
from annt_prof.plan import Factor
from annt_prof.runner.gate import Reference
from annt_prof.runs import store
from annt_prof.runs.record import STOP_UNTOLD, Run
from annt_prof.scenario.budgets import Budgets
from hand_made import GPU, lost, run, variant

if TYPE_CHECKING:
    from collections.abc import Callable

    from annt_prof.runner.gate import Gate
    from annt_prof.runner.recording import RunRequest

SCENARIO = """\
name: vit_amp
model: {source: torchvision, name: resnet18}
dataset: {name: digits, batch_size: 4}
techniques: {amp: }
"""
HELD = "budgets: {step_time: {max: 60 ms}}\n"
TO_BASELINE = "budgets: {step_time: {max_ratio: 1.05, to: baseline}}\n"
TO_REFERENCE = "budgets: {step_time: {max_ratio: 1.05, to: reference}}\n"
FIVE = [50.0, 50.1, 49.9, 50.05, 49.95]
FIRST = run(variant("baseline", FIVE), variant("amp", FIVE))


def with_budgets(budgets: str) -> str:
    return f"{SCENARIO}budgets: {budgets}\n"


def keep(folder: Path, name: str, record: Run, scenario: str = SCENARIO) -> None:
    directory = folder / "runs" / name
    directory.mkdir(parents=True)
    (directory / "scenario.yaml").write_text(scenario)
    store.write(directory, replace(record, run_id=name))


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a scenario, budgets and runs, in which commands are given."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path.parent / "cache"))
    monkeypatch.setenv("COLUMNS", "100")
    monkeypatch.delenv("GITHUB_STEP_SUMMARY", raising=False)
    files = {
        "plain.yaml": SCENARIO,
        "held.yaml": SCENARIO + HELD,
        "stored.yaml": SCENARIO + TO_BASELINE,
        "beside.yaml": SCENARIO + TO_REFERENCE,
        "elsewhere.yaml": f"{SCENARIO}when: {{no_accelerator: {{{HELD.strip()}}}}}\n",
    }
    for name, text in files.items():
        (tmp_path / name).write_text(text)
    keep(tmp_path, "first", FIRST, SCENARIO + HELD)
    keep(tmp_path, "plain", FIRST)
    keep(tmp_path, "killed", replace(FIRST, complete=False, stop=STOP_UNTOLD), SCENARIO + HELD)
    return tmp_path


def ended(*arguments: str) -> int:
    try:
        return main(["check", *arguments])
    except SystemExit as status:
        return int(status.code or 0)


def snapshot(folder: Path) -> dict[str, bytes | None]:
    """Return every file's content, and folders but those that git keeps for itself."""
    every = [f for f in sorted(folder.rglob("*")) if f.is_file() or ".git" not in f.parts]
    return {str(f.relative_to(folder)): f.read_bytes() if f.is_file() else None for f in every}


def budgets_of(text: str) -> Callable[[Path], object]:
    return lambda folder: (folder / "bad.yaml").write_text(with_budgets(text))


def damaged(folder: Path) -> None:
    kept = folder / "reports" / "baselines" / "main" / "vit_amp-00000000.json"
    kept.parent.mkdir(parents=True)
    kept.write_text("{")


def repository(folder: Path) -> None:
    for command in (["init", "-q"], ["add", "-A"], ["commit", "-qm", "all"]):
        identity = ["-c", "user.name=A", "-c", "user.email=a@b.c"]
        subprocess.run(["git", "-C", str(folder), *identity, *command], check=True)


def unbuildable(folder: Path) -> None:
    (folder / ".gitattributes").write_text("*.yaml filter=broken\n")
    repository(folder)
    for key, value in (("smudge", "false"), ("required", "true")):
        command = ["git", "-C", str(folder), "config", f"filter.broken.{key}", value]
        subprocess.run(command, check=True)


def test_one_value_is_complained_of_once(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    budgets_of("{step_time: {max: .nan}}")(place)
    assert ended("bad.yaml") == 2
    err = capsys.readouterr().err
    assert ".nan is not a finite number" in err
    assert "found nothing" not in err


@pytest.mark.parametrize(
    ("budgets", "key"),
    [
        ("{step_time: [{max: 1 ms}, {min: 1 us, variant: amq}]}", "budgets.step_time[1].variant"),
        ("{step_time: {max_ratio: 0.5, to: variant:amq}}", "budgets.step_time.to"),
    ],
)
def test_a_variant_that_is_not_there_is_told_with_its_key(
    place: Path, capsys: pytest.CaptureFixture[str], budgets: str, key: str
) -> None:
    budgets_of(budgets)(place)
    assert ended("bad.yaml") == 2
    assert re.search(rf"bad\.yaml:\d+:\d+: {re.escape(key)}: ", capsys.readouterr().err)


BAD_BUDGETS = [
    ("{step_tme: {max: 42 ms}}", 'unknown metric "step_tme"; did you mean "step_time"'),
    ("{gemm: {max: 1 ms}}", 'did you mean "kernels.gemm"?'),
    ("{step_time: {max: 42}}", "missing unit"),
    ("{peak_memory: {max: 12}}", "missing unit"),
    ("{step_time: {max: 0 ms}}", "0 ms"),
    ("{step_time: {max: -3 ms}}", "-3 ms"),
    ("{step_time: {max: nan ms}}", "nan"),
    ("{step_time: {max: .nan}}", "nan"),
    ("{step_time: {max_ratio: 0, to: baseline}}", "found 0"),
    ("{step_time: {max_ratio: -1, to: baseline}}", "found -1"),
    ("{step_time: {max_ratio: .nan, to: baseline}}", "nan"),
    ("{step_time: {max_ratio: .inf, to: baseline}}", "inf"),
    ("{data_loading: {max_share: 0 %}}", "0 %"),
    ("{data_loading: {max_share: 140 %}}", "140 %"),
    ("{step_time: {max_share: 5 %}}", "categories and kernel classes alone"),
    ("{step_time: {max_ratio: 1.05}}", 'missing "to"'),
    ("{step_time: [{max: 42 ms}, {min: 50 ms}]}", "contradicts max 42 ms"),
    ("{step_time: [{max: 42 ms}, {max: 50 ms}]}", "has this limit already"),
    ("{no_pitfalls: [item_every_iteratoin]}", "unknown pitfall"),
    ("{step_time: {max: 42 ms, variant: amq}}", 'no variant "amq"; did you mean "amp"'),
    ("{step_time: {max_ratio: 0.5, to: variant:amq}}", 'no variant "amq"; did you mean "amp"'),
    ("[]", "a mapping from metrics to limits"),
]
INPUTS = [
    *(
        pytest.param(["bad.yaml"], said, budgets_of(budgets), id=f"scenario {budgets}")
        for budgets, said in BAD_BUDGETS
    ),
    *(
        pytest.param(
            ["plain", "--budgets", "bad.yaml"],
            said,
            lambda folder, text=budgets: (folder / "bad.yaml").write_text(f"budgets: {text}\n"),
            id=f"run {budgets}",
        )
        for budgets, said in BAD_BUDGETS
    ),
    (["bad.yaml"], "there are no budgets to hold it to", budgets_of("{}")),
    (["plain", "--budgets", "bad.yaml"], "holds nothing to a limit",
     lambda folder: (folder / "bad.yaml").write_text("budgets: {}\n")),
    (["nome.yaml"], "nome.yaml", None),
    (["nome"], "there is no such run", None),
    (["--runs-dir", "nowhere"], "there are no runs here", None),
    (["plain.yaml"], "there are no budgets to hold it to", None),
    (["plain"], "there are no budgets to hold it to", None),
    (["held.yaml", "--budgets", "nome.yaml"], "nome.yaml", None),
    (["first", "--budgets", "plain.yaml"], "plain.yaml", None),
    (["killed"], "is not a whole run", None),
    (["first", "--reference", "plain.yaml"], "only a scenario can be measured beside", None),
    (["first", "--reference-worktree", "HEAD"], "only a scenario can be measured beside", None),
    (["first", "--reference-python", "python"], "only a scenario can be measured beside", None),
    (["first", "--set", "dataset.batch_size=8"], "can change nothing of a run that is over", None),
    (["first", "--set", "budgets.step_time.max=8"], "missing unit", None),
    (["held.yaml", "--baseline", "nome"], 'there is no baseline "nome"', None),
    (["held.yaml", "--baseline", "nome.json"], "nome.json: there is no baseline here", None),
    (["first", "--baseline", "nome"], 'there is no baseline "nome"', None),
    (["stored.yaml"], "is not a baseline, or is damaged", damaged),
    (["stored.yaml", "--baseline", "main"], "is not a baseline, or is damaged", damaged),
    (["plain", "--budgets", "b.yaml"], "is not a baseline, or is damaged",
     lambda folder: (damaged(folder), (folder / "b.yaml").write_text(TO_BASELINE))),
    (["first", "--baseline", "plain.yaml"], "is not a baseline, or is damaged", None),
    (["beside.yaml", "--reference", "nome.yaml"], "nome.yaml", None),
    (["beside.yaml", "--reference", "bad.yaml"], "unknown",
     lambda folder: (folder / "bad.yaml").write_text(f"{SCENARIO}modle: x\n")),
    (["beside.yaml", "--reference-python", "nome"], "nome does not run", None),
    (["beside.yaml", "--reference-python", "/bin/true"], "is no Python", None),
    (["beside.yaml", "--reference-worktree", "HEAD"], "not a git repository", None),
    (["beside.yaml", "--reference-worktree", "nome"], "nome is no commit, branch or tag",
     repository),
    (["beside.yaml", "--reference-worktree", "HEAD"], "git worktree: ", unbuildable),
    (["held.yaml", "--inconclusive", "green"], "--inconclusive", None),
    (["held.yaml", "--markdown", "runs"], "is a directory", None),
]  # fmt: skip


@pytest.mark.parametrize(("arguments", "said", "prepare"), INPUTS)
def test_what_can_be_mended_is_one_screen_and_changes_no_file(
    place: Path,
    arguments: list[str],
    said: str,
    prepare: Callable[[Path], object] | None,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(place.parent))
    monkeypatch.setenv("LC_ALL", "C")
    if prepare is not None:
        prepare(place)
    before = snapshot(place)
    assert ended(*arguments) == 2
    out, err = capsys.readouterr()
    assert said in " ".join(err.split())
    assert out == ""
    assert len(err.splitlines()) <= 24
    assert "Traceback" not in err
    assert snapshot(place) == before


class TestRun:
    @pytest.mark.parametrize(
        ("budgets", "status", "said"),
        [
            ("{step_time: {max: 60 ms}}", 0, "pass"),
            ("{step_time: {max: 40 ms}}", 1, "fail"),
            ("{step_time: {max: 50 ms}}", 4, "inconclusive"),
            ("{step_time: {max_ratio: 1.05, to: baseline}}", 5, "skipped"),
            ("{step_time: {max_ratio: 1.05, to: reference}}", 5, "skipped"),
            ("{forward: {max: 1 ms}}", 5, "skipped"),  # it was not traced
            ("{no_pitfalls: [anomaly_detection_left_on]}", 5, "skipped"),  # never looked for
            ("{step_time: {max: 60 ms}, mfu: {min: 30 %}}", 0, "pass"),
        ],
    )
    def test_statuses(
        self,
        place: Path,
        budgets: str,
        status: int,
        said: str,
        capsysbinary: pytest.CaptureFixture[bytes],
    ) -> None:
        (place / "b.yaml").write_text(f"budgets: {budgets}\n")
        before = snapshot(place)
        assert ended("plain", "--budgets", "b.yaml", "--json") == status
        document = json.loads(capsysbinary.readouterr().out)
        assert document["outcome"] == said
        after = snapshot(place)
        assert after.pop("runs/plain/check.json") is not None  # it is kept with its run
        assert after == before

    @pytest.mark.usefixtures("place")
    def test_the_budgets_of_its_own_scenario_hold(self) -> None:
        assert ended("first") == 0
        assert ended("runs/first") == 0
        assert ended("first", "--set", "budgets.step_time.max=40 ms") == 1

    def test_the_newest_is_meant_where_none_is_named(
        self, place: Path, capsysbinary: pytest.CaptureFixture[bytes]
    ) -> None:
        keep(place, "newest", replace(FIRST, created="2030-01-01T00:00:00+00:00"), SCENARIO + HELD)
        assert ended("--json") == 0
        assert json.loads(capsysbinary.readouterr().out)["run_id"] == "newest"

    def test_one_with_a_lost_variant_is_not_green(self, place: Path) -> None:
        crashed = replace(FIRST, variants=(*FIRST.variants, lost("tf32", "crashed", "segfault")))
        keep(place, "crashed", crashed, SCENARIO + HELD)
        assert ended("crashed") == 3

    def test_a_set_that_it_was_not_asked_to_measure_is_skipped(self, place: Path) -> None:
        text = SCENARIO.replace("{amp: }", "{amp: , channels_last: , gradient_clipping: }")
        budgets = "budgets: {step_time: {max: 60 ms, variant: all-amp}}\n"
        keep(place, "mixed", FIRST, text + budgets)
        assert ended("mixed") == 5


class Measuring:
    """Stands in for what measures; a check's gate is asked as a run would."""

    def __init__(self, recorded: Run, folder: Path) -> None:
        self.recorded = recorded
        self.folder = folder
        self.request: RunRequest | None = None
        self.gate: Gate | None = None
        self.failure: Exception | None = None

    def __call__(self, request: RunRequest) -> Any:
        self.request = request
        accelerated = self.recorded.environment.device_type != "cpu"
        assert request.gate is not None
        self.gate = request.gate(request.document.resolve(accelerator=accelerated))
        recorded = SimpleNamespace(run=self.recorded, directory=self.folder / "runs" / "new")
        return SimpleNamespace(recorded=recorded, failure=self.failure)


@pytest.fixture
def measuring(place: Path, monkeypatch: pytest.MonkeyPatch) -> Measuring:
    made = Measuring(FIRST, place)
    (place / "runs" / "new").mkdir()
    monkeypatch.setattr("annt_prof.cli.measuring.measure", made)
    return made


def test_what_a_run_was_held_to_itself_stays_with_it(
    place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert ended("first") == 0
    kept = (place / "runs" / "first" / "check.json").read_bytes()
    (place / "tight.yaml").write_text("budgets: {step_time: {max: 1 ms}}\n")
    assert ended("first", "--budgets", "tight.yaml") == 1
    assert ended("first", "--set", "budgets.step_time.max='1 ms'") == 1
    assert (place / "runs" / "first" / "check.json").read_bytes() == kept
    capsys.readouterr()


def test_the_newest_run_is_named_by_the_command_that_does_it_again(
    place: Path, capsysbinary: pytest.CaptureFixture[bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Tomorrow the newest is another one."""
    for other in ("killed", "plain"):
        shutil.rmtree(place / "runs" / other)
    monkeypatch.setattr("sys.argv", ["annt-prof", "check", "--json"])
    ended("--json")
    document = json.loads(capsysbinary.readouterr().out)
    assert document["reproduce"] == f"annt-prof check {document['directory']} --json"
    assert document["budgets_file"] == document["directory"]


def test_of_a_run_beside_a_reference_it_is_said_what_that_was(
    place: Path, capsysbinary: pytest.CaptureFixture[bytes]
) -> None:
    beside = run(
        variant("baseline", FIVE),
        variant("worktree", FIVE),
        differences=("worktree: main (1a2b3c4) -> the present files",),
        reference="main (1a2b3c4)",
    )
    keep(place, "beside", beside, SCENARIO + TO_REFERENCE)
    ended("beside", "--json")
    document = json.loads(capsysbinary.readouterr().out)
    assert document["reference"] == "reference (main (1a2b3c4))"
    assert document["budgets"][0]["against"] == "reference (main (1a2b3c4))"


def test_where_all_is_to_a_reference_that_nobody_names_nothing_is_measured(
    measuring: Measuring, capsys: pytest.CaptureFixture[str]
) -> None:
    assert ended("beside.yaml") == 2
    assert measuring.request is None
    assert "name one with --reference" in capsys.readouterr().err


class TestScenario:
    def test_its_budgets_are_held_by_what_is_measured(self, measuring: Measuring) -> None:
        assert ended("held.yaml") == 0
        assert measuring.gate is not None
        assert (measuring.gate.variants, measuring.gate.compiles_anew) == ({}, False)
        assert not measuring.gate.traces_each
        measuring.recorded = run(variant("baseline", FIVE), variant("amp", [70.0] * 5))
        assert ended("held.yaml") == 1

    @pytest.mark.parametrize(
        ("budgets", "variants", "traced", "anew"),
        [
            ("{forward: {max: 1 ms}}", [], True, False),
            ("{tensor_core_share: {min: 30 %}}", [], True, False),
            ("{mfu: {min: 10 %}}", [], True, False),  # operations are counted behind a trace
            ("{compile_time: {max: 60 s}}", [], False, True),
            ("{step_time: {max_ratio: 0.9, to: variant:baseline, variant: amp}}",
             ["amp", "baseline"], False, False),
        ],
    )  # fmt: skip
    def test_what_budgets_need_is_asked_of_the_run(
        self,
        place: Path,
        measuring: Measuring,
        budgets: str,
        variants: list[str],
        traced: bool,
        anew: bool,
    ) -> None:
        (place / "own.yaml").write_text(with_budgets(budgets))
        ended("own.yaml")
        gate = measuring.gate
        assert gate is not None
        assert (list(gate.variants), gate.traces_each, gate.compiles_anew) == (
            variants,
            traced,
            anew,
        )
        assert all(place.startswith("own.yaml:") for place in gate.variants.values())

    def test_budgets_of_one_kind_of_machine_do_for_that(self, measuring: Measuring) -> None:
        """Under ``when.no_accelerator`` alone: on this machine there are some."""
        assert ended("elsewhere.yaml") == 0
        measuring.recorded = replace(FIRST, environment=GPU)
        assert ended("elsewhere.yaml") == 2

    def test_a_reference_that_no_budget_names_has_a_limit(
        self, measuring: Measuring, capsysbinary: pytest.CaptureFixture[bytes]
    ) -> None:
        measuring.recorded = run(
            variant("baseline", FIVE),
            variant("scenario", [ms * 1.1 for ms in FIVE]),
            differences=("scenario: plain.yaml -> held.yaml",),
            reference="plain.yaml -> held.yaml",
        )
        assert ended("held.yaml", "--reference", "plain.yaml", "--json") == 1
        document = json.loads(capsysbinary.readouterr().out)
        assert [b["outcome"] for b in document["budgets"]] == ["pass", "fail"]
        request = measuring.request
        assert request is not None
        assert request.reference is not None
        assert request.reference.change.name == "scenario"
        assert request.reference.document.path.name == "plain.yaml"
        # Where a budget names it, it is not held to another one.
        assert ended("beside.yaml", "--reference", "plain.yaml", "--json") == 1
        assert len(json.loads(capsysbinary.readouterr().out)["budgets"]) == 1

    def test_a_worktree_is_there_while_it_is_measured(
        self, place: Path, measuring: Measuring, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        repository(place)
        seen = []

        def look(request: RunRequest) -> Any:
            assert request.reference is not None
            side = request.reference.side
            assert side is not None
            assert side.worktree is not None
            seen.append((side, (side.worktree / "beside.yaml").exists()))
            return measuring(request)

        monkeypatch.setattr("annt_prof.cli.measuring.measure", look)
        (place / "beside.yaml").write_text(SCENARIO + TO_REFERENCE.replace("1.05", "1.2"))
        assert (
            ended("beside.yaml", "--reference-worktree", "HEAD") == 5
        )  # as what stands in has none
        ((side, existed),) = seen
        assert existed
        assert (side.checkout, side.search_path) == (place.resolve(), side.worktree)
        assert not side.worktree.exists()
        assert measuring.request is not None
        assert measuring.request.reference is not None
        document = measuring.request.reference.document
        assert "1.05" in document.text  # as it was committed
        assert "1.2" in measuring.request.document.text

    @pytest.mark.parametrize(
        ("words", "pinned"),
        [
            (("--reference-worktree", "HEAD"), ("--reference-worktree", "1a2b3c4")),
            (("--reference-worktree=HEAD",), ("--reference-worktree=1a2b3c4",)),
            (("--reference", "HEAD"), ("--reference", "HEAD")),
        ],
    )
    def test_the_command_that_does_it_again_names_the_commit(
        self, words: tuple[str, ...], pinned: tuple[str, ...]
    ) -> None:
        """A branch is another commit by the time that somebody looks."""
        asked = Asked(
            what="ci.yaml",
            budgets=None,
            baseline=None,
            baselines=Path("baselines"),
            reference=Named(None, None, "HEAD"),
            overrides=(),
            device="cpu",
            data_dir=None,
            runs_dir=Path("runs"),
            again=("annt-prof", "check", *words, "a file.yaml"),
        )
        document: Any = None
        reference = Reference(document, Factor("worktree", "a -> b"), "a", commit="1a2b3c4")
        told = holding._terms(asked, Budgets(), reference).reproduce
        assert told == shlex.join(("annt-prof", "check", *pinned, "a file.yaml"))
        unpinned = holding._terms(asked, Budgets(), None).reproduce
        assert unpinned == shlex.join(asked.again)

    def test_a_scenario_that_the_commit_lacks_is_trained_by_both(
        self, place: Path, measuring: Measuring
    ) -> None:
        repository(place)
        (place / "new.yaml").write_text(SCENARIO + TO_REFERENCE)
        ended("new.yaml", "--reference-worktree", "HEAD")
        request = measuring.request
        assert request is not None
        assert request.reference is not None
        assert request.reference.document is request.document
        assert request.reference.side is not None
        assert request.reference.side.search_path == request.reference.side.worktree

    def test_a_file_that_cannot_be_written_hides_no_broken_budget(
        self, measuring: Measuring, capsys: pytest.CaptureFixture[str], place: Path
    ) -> None:
        measuring.failure = UserError("the TensorBoard log cannot be written")
        assert ended("held.yaml", "--set", "budgets.step_time.max='1 ms'") == 1
        assert "TensorBoard" in capsys.readouterr().err
        (place / "file").write_text("")
        tight = ("--set", "budgets.step_time.max='1 ms'", "--markdown", "file/below.md")
        assert ended("held.yaml", *tight) == 1
        assert "file/below.md cannot be written" in capsys.readouterr().err
        assert ended("held.yaml", "--markdown", "file/below.md") == 2

    def test_what_goes_wrong_afterwards_is_said_behind_the_result(
        self, measuring: Measuring, capsys: pytest.CaptureFixture[str]
    ) -> None:
        measuring.failure = UserError("the TensorBoard log cannot be written")
        assert ended("held.yaml") == 2
        out, err = capsys.readouterr()
        assert "step_time" in out
        assert "TensorBoard" in err
