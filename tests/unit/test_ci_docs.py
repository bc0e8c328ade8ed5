"""What the documentation of pipelines and the action say is what the command takes."""

import re
import shlex
import subprocess
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from annt_prof.cli.check import command

ROOT = Path(__file__).parents[2]
ACTION = ROOT / ".github" / "actions" / "check" / "action.yml"
DOCS = ROOT / "docs" / "ci.md"


def known_options():
    return {name for param in command.params for name in (*param.opts, *param.secondary_opts)}


def load(text):
    return YAML(typ="safe", pure=True).load(text)


def blocks():
    return re.findall(r"^```yaml\n(.*?)^```$", DOCS.read_text(), re.MULTILINE | re.DOTALL)


def texts(tree):
    """Yield every string of a document."""
    if isinstance(tree, str):
        yield tree
    for child in (
        tree.values() if isinstance(tree, dict) else tree if isinstance(tree, list) else ()
    ):
        yield from texts(child)


def action():
    return load(ACTION.read_text())


def check_step():
    return next(s for s in action()["runs"]["steps"] if "annt-prof check" in s.get("run", ""))


def documented():
    """Return every text in which options of the command stand."""
    shell = [text for block in blocks() for text in texts(load(block)) if "annt-prof check" in text]
    with_action = [
        step["with"]["arguments"]
        for block in blocks()
        for job in load(block).get("jobs", {}).values()
        for step in job["steps"]
        if "arguments" in step.get("with", {})
    ]
    prose = re.findall(r"`(--[^`]*)`", DOCS.read_text())
    return [*shell, *with_action, *prose, check_step()["run"]]


@pytest.mark.parametrize("text", documented())
def test_only_options_that_exist_are_used(text):
    named = set(re.findall(r"(?<![\w-])--[a-z][a-z-]*", text)) - {"--hook-type"}
    assert named <= known_options()


def test_the_docs_show_the_action_the_command_gitlab_and_a_push():
    first, second, gitlab, push = map(load, blocks())
    uses = [step.get("uses", "") for step in first["jobs"]["check"]["steps"]]
    assert "OWNER/annt-prof/.github/actions/check@main" in uses
    assert any(step.get("run", "").startswith("annt-prof check")
               for step in second["jobs"]["check"]["steps"])  # fmt: skip
    assert gitlab["budgets"]["artifacts"]["reports"]["junit"] in gitlab["budgets"]["script"][1]
    assert push["repos"][0]["hooks"][0]["stages"] == ["pre-push"]


def test_every_status_is_explained():
    assert re.findall(r"^\| (\d) \|", DOCS.read_text(), re.MULTILINE) == list("012345")


def test_what_is_given_to_the_action_are_inputs_that_it_has():
    given = next(
        step["with"] for step in load(blocks()[0])["jobs"]["check"]["steps"]
        if "actions/check@" in step.get("uses", "")
    )  # fmt: skip
    inputs = action()["inputs"]
    assert set(given) <= set(inputs)
    assert {name for name, told in inputs.items() if told.get("required")} <= set(given)


def test_no_input_is_written_into_a_script():
    steps = action()["runs"]["steps"]
    assert not any("${{" in step.get("run", "") for step in steps)
    named = set(re.findall(r"inputs\.([\w-]+)", " ".join(texts(steps))))
    assert named == set(action()["inputs"])
    step = check_step()
    assert set(re.findall(r"\$\{?([A-Z]+)", step["run"])) == set(step["env"])


def run_check_step(folder, **inputs):
    """Run the step's script as the runner does, with a command that tells its arguments."""
    program = folder / "bin" / "annt-prof"
    program.parent.mkdir()
    program.write_text('#!/bin/sh\nprintf "%s\\n" "$@"\n')
    program.chmod(0o755)
    script = folder / "step.sh"
    script.write_text(check_step()["run"])
    inputs = dict.fromkeys(check_step()["env"], "") | inputs
    done = subprocess.run(
        ["bash", "--noprofile", "--norc", "-eo", "pipefail", str(script)],
        env=inputs | {"PATH": f"{program.parent}:/usr/bin:/bin"},
        cwd=folder, capture_output=True, text=True, check=True,
    )  # fmt: skip
    return done.stdout.splitlines()


def test_the_action_passes_its_inputs_on(tmp_path):
    given = run_check_step(
        tmp_path, SCENARIO="my scenario.yaml", REFERENCE="origin/main", BUDGETS="b.yaml",
        ARGUMENTS="--inconclusive pass\n--fail-on-win", JUNIT="j.xml", MARKDOWN="m.md",
    )  # fmt: skip
    assert given == [
        "check", "--github", "--junit=j.xml", "--markdown=m.md", "--inconclusive", "pass",
        "--fail-on-win", "--reference-worktree=origin/main", "--budgets=b.yaml", "--",
        "my scenario.yaml",
    ]  # fmt: skip


def test_what_is_not_given_to_the_action_is_not_passed_on(tmp_path):
    given = run_check_step(tmp_path, SCENARIO="s.yaml", JUNIT="j.xml", MARKDOWN="m.md")
    assert given == ["check", "--github", "--junit=j.xml", "--markdown=m.md", "--", "s.yaml"]


def test_an_input_is_no_code(tmp_path):
    hostile = "$(touch made) `touch made`; touch made # *"
    given = run_check_step(
        tmp_path, SCENARIO=hostile, REFERENCE=hostile, BASELINE=hostile, ARGUMENTS=hostile
    )
    assert not (tmp_path / "made").exists()
    assert given[-1] == hostile
    assert f"--reference-worktree={hostile}" in given
    assert "*" in given


@pytest.mark.parametrize("text", [t for t in documented() if t.startswith("annt-prof")])
def test_every_command_can_be_read_by_a_shell(text):
    assert shlex.split(text)[:2] == ["annt-prof", "check"]
