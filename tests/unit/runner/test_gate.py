"""How a check has a run laid out, and what it may name."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from annt_prof.errors import UserError
from annt_prof.machine.machine import Machine
from annt_prof.plan import Factor, Side
from annt_prof.runner.gate import Gate, Reference, laid_out
from annt_prof.runner.question import Question, build_question
from annt_prof.runner.recording import RunRequest
from annt_prof.scenario.loading import load

if TYPE_CHECKING:
    from pathlib import Path

    from annt_prof.scenario.loading import ScenarioDocument

CPU = Machine("cpu", "A CPU", 0, 2, native_bfloat16=True)
SCENARIO = """\
model: {source: torchvision, name: resnet18}
dataset: {name: digits, batch_size: 4}
"""
MIX = "techniques: {channels_last: , amp: , gradient_accumulation: {steps: 2}}\n"


def document(tmp_path: Path, *lines: str, name: str = "ci") -> ScenarioDocument:
    path = tmp_path / f"{name}.yaml"
    path.write_text(SCENARIO + "".join(lines))
    return load(path)


def gate(*variants: str) -> Gate:
    return Gate({name: f"ci.yaml:{n + 1}:3" for n, name in enumerate(variants)}, lambda *_: None)


def asked(
    made: ScenarioDocument, held: Gate | None, reference: Reference | None = None
) -> Question:
    folder = made.path.parent
    request = RunRequest(made, "cpu", None, folder, folder, reference=reference)
    return build_question(request, made.resolve(accelerator=False), CPU, gate=held)


def names(question: Question) -> list[str]:
    return [variant.name for variant in question.plan.variants]


class TestLayout:
    def test_the_time_is_spread_over_launches(self, tmp_path: Path) -> None:
        resolved = laid_out(document(tmp_path).resolve(accelerator=False))
        window = resolved.scenario.window
        assert window.min_launches == 14
        (value,) = (v for v in resolved.values if v.path == "window.min_launches")
        assert (value.value, value.origin) == (14, "check")

    @pytest.mark.parametrize(
        ("window", "rounds"), [("{}", 28 * 12), ("{rounds: 300}", 300), ("{rounds: 900}", 900)]
    )
    def test_rounds_end_no_check_unless_somebody_says_how_many(
        self, tmp_path: Path, window: str, rounds: int
    ) -> None:
        resolved = laid_out(document(tmp_path, f"window: {window}\n").resolve(accelerator=False))
        assert resolved.scenario.window.rounds == rounds

    def test_a_scenario_that_asks_for_more_keeps_them(self, tmp_path: Path) -> None:
        window = "window: {min_launches: 20, rounds: 900}\n"
        made = document(tmp_path, window).resolve(accelerator=False)
        assert laid_out(made) is made

    def test_nothing_else_changes(self, tmp_path: Path) -> None:
        before = document(tmp_path, MIX).resolve(accelerator=False)
        after = laid_out(before)
        assert after.scenario.techniques == before.scenario.techniques
        changed = [
            (a.path, b.value) for a, b in zip(before.values, after.values, strict=True) if a != b
        ]
        assert sorted(changed) == [("window.min_launches", 14), ("window.rounds", 336)]


class TestVariants:
    def test_only_what_is_held_is_measured(self, tmp_path: Path) -> None:
        made = document(tmp_path, MIX)
        assert names(asked(made, None)) == [
            "baseline",
            "channels_last",
            "amp",
            "gradient_accumulation",
            "all",
        ]
        assert names(asked(made, gate())) == ["baseline", "all"]
        assert names(asked(made, gate("amp", "baseline"))) == ["baseline", "amp", "all"]

    def test_without_techniques_it_is_the_baseline(self, tmp_path: Path) -> None:
        assert names(asked(document(tmp_path), gate())) == ["baseline"]

    @pytest.mark.parametrize("beside_reference", [False, True])
    def test_what_the_scenario_does_not_have_is_said_at_its_place(
        self, tmp_path: Path, beside_reference: bool
    ) -> None:
        made = document(tmp_path, MIX)
        reference = Reference(made, Factor("worktree", "a -> b"), "a") if beside_reference else None
        with pytest.raises(UserError, match='no variant "amq"; did you mean "amp"') as raised:
            asked(made, gate("amp", "amq"), reference)
        assert raised.value.where == "ci.yaml:2:3"


class TestReference:
    def test_both_sides_have_all_of_their_techniques(self, tmp_path: Path) -> None:
        made = document(tmp_path, MIX)
        other = document(tmp_path, "techniques: {amp: }\n", name="other")
        side, own = Side(worktree=tmp_path), Side(python=tmp_path / "python")
        question = asked(
            made,
            gate("amp"),
            Reference(other, Factor("scenario", "other -> ci"), "other", side, own),
        )
        first, second = question.plan.variants
        assert (first.name, first.side, [c.name for c in first.techniques]) == (
            "baseline",
            side,
            ["amp"],
        )
        assert (second.name, second.side, second.factor_names) == ("scenario", own, ("scenario",))
        assert [c.name for c in second.techniques] == [
            "channels_last",
            "amp",
            "gradient_accumulation",
        ]
        assert (question.plan.design, question.switched_on) == (
            "alone",
            ("channels_last", "gradient_accumulation"),
        )
        assert question.differences[0] == "scenario: other -> ci"

    def test_its_other_settings_are_changes(self, tmp_path: Path) -> None:
        made = document(tmp_path)
        path = tmp_path / "other.yaml"
        path.write_text(SCENARIO.replace("batch_size: 4", "batch_size: 16"))
        question = asked(
            made, None, Reference(load(path), Factor("scenario", "other -> ci"), "other")
        )
        first, second = question.plan.variants
        assert {change.path: change.value for change in first.changes} == {"dataset.batch_size": 16}
        assert second.changes == ()
        assert "dataset.batch_size" in question.differences[1]
