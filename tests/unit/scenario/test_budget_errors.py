"""What a user reads when budgets are wrong: the place and the text of each kind of mistake."""

# ruff: noqa: E501 - messages stand here as they are printed

import textwrap

import pytest

from annt_prof.errors import UserError
from annt_prof.scenario.budget_file import load_budgets

TO = "baseline, reference, variant:NAME"


@pytest.fixture
def refusal(write):
    """The message that a file of budgets earns."""

    def to(text):
        with pytest.raises(UserError) as caught:
            load_budgets(write(text, "ci.yaml"))
        return str(caught.value)

    return to


def heads(message):
    """Return the lines of a message that are no excerpt of the file."""
    return [line for line in message.splitlines() if not line.startswith("    ")]


@pytest.mark.parametrize(
    ("entry", "expected"),
    [
        ("step_tim: {max: 42 ms}", '3: budgets.step_tim: unknown metric "step_tim"; did you mean "step_time"?'),
        ("gemm: {max: 42 ms}", '3: budgets.gemm: unknown metric "gemm"; did you mean "kernels.gemm"?'),
        ("kernels.gem: {max: 42 ms}", '3: budgets.kernels.gem: unknown metric "kernels.gem"; did you mean "kernels.gemm"?'),
        ("item_every_iteratio: {max: 0}", '3: budgets.item_every_iteratio: unknown metric "item_every_iteratio"; did you mean "item_every_iteration"?'),
        ("step_time: {maxx: 42 ms}", '15: budgets.step_time.maxx: unknown key; did you mean "max"?'),
        ("step_time: {max: 42 ms, variants: a}", '27: budgets.step_time.variants: unknown key; did you mean "variant"?'),
        ("item_every_iteration: {min: 0}", "26: budgets.item_every_iteration.min: unknown key; allowed: max, variant"),
        ("step_time: 42 ms", '14: budgets.step_time: found the string "42 ms"; allowed: a mapping such as {max: 42 ms}'),
        ("item_every_iteration: 0", "25: budgets.item_every_iteration: found 0; allowed: a mapping such as {max: 0}"),
        ("step_time:", "3: budgets.step_time: found nothing (null); allowed: a mapping such as {max: 42 ms}"),
        ("step_time: []", "14: budgets.step_time: an empty list; allowed: at least one limit"),
        ("step_time: [3]", "15: budgets.step_time[0]: found 3; allowed: a mapping such as {max: 42 ms}"),
        ("step_time: {}", "3: budgets.step_time: no limit; allowed: one of max, min, max_ratio, min_ratio"),
        ("sync: {floor: 1 ms}", "3: budgets.sync: no limit; allowed: one of max, min, max_ratio, min_ratio, max_share"),
        ("item_every_iteration: {variant: a}", "3: budgets.item_every_iteration: no limit; allowed: max: 0"),
        ("step_time: {max: 42 ms, min: 3 ms}", "27: budgets.step_time.min: a second limit beside max; several are a list of mappings"),
        ("step_time: {max: 42}", "20: budgets.step_time.max: found 42: missing unit; allowed: ns, us, ms, s"),
        ("step_time: {max: 42 GiB}", '20: budgets.step_time.max: found the string "42 GiB": unknown unit "GiB"; allowed: ns, us, ms, s'),
        ("peak_memory: {max: 12 GB}", '22: budgets.peak_memory.max: found the string "12 GB": unknown unit "GB"; allowed: B, KiB, MiB, GiB'),
        ("throughput: {min: 900}", "21: budgets.throughput.min: found 900: missing unit; allowed: samples/s"),
        ("energy_per_sample: {max: 1 Wh}", '28: budgets.energy_per_sample.max: found the string "1 Wh": unknown unit "Wh"; allowed: uJ, mJ, J'),
        ("step_time: {max: 0 ms}", '20: budgets.step_time.max: found the string "0 ms"; allowed: more than 0'),
        ("step_time: {max: -42 ms}", '20: budgets.step_time.max: found the string "-42 ms"; allowed: more than 0'),
        ("step_time: {max: nan ms}", '20: budgets.step_time.max: found the string "nan ms"; allowed: a finite number'),
        ("step_time: {max: .inf}", "20: budgets.step_time.max: .inf is not a finite number"),
        ("mfu: {min: 0}", "14: budgets.mfu.min: found 0; allowed: more than 0"),
        ("mfu: {min: 35}", "14: budgets.mfu.min: found 35; allowed: at most 100 % (as a number, 1)"),
        ("sync: {max_share: 105 %}", '21: budgets.sync.max_share: found the string "105 %"; allowed: at most 100 % (as a number, 1)'),
        ("sync: {max_share: 5 ms}", '21: budgets.sync.max_share: found the string "5 ms"; allowed: a number or %, such as 5 % or 0.05'),
        ("sync: {max: 5 %}", '15: budgets.sync.max: found the string "5 %": unknown unit "%"; allowed: ns, us, ms, s'),
        ("mfu: {max_share: 5 %}", "9: budgets.mfu.max_share: goes with categories and kernel classes alone; mfu is no part of the step"),
        ("sync: {max: 5 ms, floor: 1 ms}", "21: budgets.sync.floor: goes with max_share alone"),
        ("sync: {max_share: 5 %, floor: 1}", "33: budgets.sync.floor: found 1: missing unit; allowed: ns, us, ms, s"),
        ("sync: {max_share: 5 %, floor: 0 ms}", '33: budgets.sync.floor: found the string "0 ms"; allowed: more than 0'),
        ("skipped_steps: {max: -1}", "24: budgets.skipped_steps.max: found -1; allowed: at least 0"),
        ("skipped_steps: {max: 0.5}", "24: budgets.skipped_steps.max: found 0.5; allowed: a whole number"),
        ("skipped_steps: {min: 0}", "24: budgets.skipped_steps.min: found 0; allowed: at least 1"),
        ("skipped_steps: {max_ratio: 2}", "19: budgets.skipped_steps.max_ratio: a count has no ratio, as what it would be one to is mostly 0"),
        ("mfu: {min_ratio: 0.97}", f'9: budgets.mfu.min_ratio: missing "to", which says what the ratio is to; allowed: {TO}'),
        ("mfu: {min_ratio: 0, to: baseline}", "20: budgets.mfu.min_ratio: found 0; allowed: more than 0"),
        ("mfu: {min_ratio: 1, to: base}", f'27: budgets.mfu.to: found the string "base"; allowed: {TO}'),
        ("mfu: {min_ratio: 1, to: 3}", f"27: budgets.mfu.to: found 3; allowed: {TO}"),
        ('mfu: {min_ratio: 1, to: "variant:"}', f'27: budgets.mfu.to: found the string "variant:"; allowed: {TO}'),
        ("mfu: {min_ratio: 1, to: run:x}", f'27: budgets.mfu.to: found the string "run:x"; allowed: {TO}'),
        ("mfu: {min: 0.3, to: baseline}", "19: budgets.mfu.to: goes with max_ratio and min_ratio alone"),
        ("mfu: {min_ratio: 1, to: variant:amp, variant: amp}", "27: budgets.mfu.to: the variant that is held to it; name another one"),
        ("mfu: {min: 0.3, variant: 3}", "28: budgets.mfu.variant: found 3; allowed: a variant's name"),
        ('mfu: {min: 0.3, variant: " "}', '''28: budgets.mfu.variant: found the string " "; allowed: a variant's name'''),
        ("item_every_iteration: {max: 1}", "31: budgets.item_every_iteration.max: found 1; allowed: 0, as a pitfall is there or not"),
        ("item_every_iteration: {max: false}", "31: budgets.item_every_iteration.max: found false; allowed: 0, as a pitfall is there or not"),
        ("no_pitfalls: []", "16: budgets.no_pitfalls: an empty list; allowed: at least one pitfall, or all"),
        ("no_pitfalls: none", '16: budgets.no_pitfalls: found the string "none"; allowed: all, or a list of pitfalls'),
        ("no_pitfalls: [item_every_iter]", '17: budgets.no_pitfalls[0]: unknown pitfall "item_every_iter"; did you mean "item_every_iteration"?'),
        ("no_pitfalls: [3]", "17: budgets.no_pitfalls[0]: found 3; allowed: a pitfall's name"),
        ("no_pitfalls: [copies_in_passes, copies_in_passes]", "35: budgets.no_pitfalls[1]: copies_in_passes is named twice"),
        ("on: H100", '7: budgets.on: found the string "H100"; allowed: a mapping such as {torch: "2.14"}'),
        ("on: {}", "7: budgets.on: names nothing; allowed: device, cpu, cores, threads, driver, power_limit_w, mig, torch, cuda, python"),
        ("on: {devise: H100}", '8: budgets.on.devise: unknown key; did you mean "device"?'),
        ("on: {torch: 2.10}", "15: budgets.on.torch: found 2.1; put it in quotes, which keep its digits"),
        ("on: {device: [1]}", "16: budgets.on.device: found a list; allowed: a name or a version"),
        ("on: {mig: true}", "13: budgets.on.mig: found true; allowed: a name or a version"),
        ("on: {cores: 1.5}", "15: budgets.on.cores: found 1.5; allowed: a whole number"),
        ("on: {threads: 0}", "17: budgets.on.threads: found 0; allowed: at least 1"),
        ("on: {power_limit_w: 700 W}", '23: budgets.on.power_limit_w: found the string "700 W"; allowed: a number'),
        ("sync: [{max: 1 ms}, {max: 2 ms}]", "24: budgets.sync[1].max: sync has this limit already, on line 2, column 11"),
        ("sync: [{max: 1 ms}, {min: 2 ms}]", "24: budgets.sync[1].min: 2 ms contradicts max 1 ms on line 2, column 11; nothing is within both"),
        ("sync: [{min: 2 ms}, {max: 1999 us}]", "24: budgets.sync[1].max: 1999 us contradicts min 2 ms on line 2, column 11; nothing is within both"),
        ("sync: [{max_ratio: 0.9, to: variant:a}, {min_ratio: 95 %, to: variant:a}]", "44: budgets.sync[1].min_ratio: 95 % contradicts max_ratio 0.9 on line 2, column 11; nothing is within both"),
    ],
)  # fmt: skip
def test_each_mistake_in_an_entry(refusal, entry, expected):
    message = refusal(f"budgets:\n  {entry}\n  forward: {{max: 3 ms}}\n")
    if entry == "step_time: {max: .inf}":  # YAML is told first, and reads it as nothing
        message = message.splitlines()[0]
    assert heads(message) == [f"ci.yaml:2:{expected}"]


@pytest.mark.parametrize(
    "entries",
    [
        "[{max: 1 ms}, {min: 1 ms}]",
        "[{max: 1 ms}, {min: 2 ms, variant: amp}]",
        "[{max: 1 ms}, {max: 2 ms, variant: amp}]",
        "[{max_ratio: 0.9, to: baseline}, {min_ratio: 0.95, to: reference}]",
        "[{max_ratio: 0.9, to: baseline}, {max_ratio: 0.9, to: variant:a}]",
        "[{max_ratio: 0.9, to: variant:b}, {max_ratio: 0.9, to: variant:a}]",
        "[{max: 1 ms}, {max_share: 5 %}, {min_ratio: 2, to: baseline}]",
        "[{max_ratio: 0.9, to: baseline, variant: baseline}]",
    ],
)
def test_what_goes_together(write, entries):
    load_budgets(write(f"budgets: {{sync: {entries}}}"))


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("no_pitfalls: [copies_in_passes]", "copies_in_passes: {max: 0}"),
        ("copies_in_passes: {max: 0}", "no_pitfalls: [copies_in_passes, item_every_iteration]"),
        ("no_pitfalls: all", "copies_in_passes: {max: 0}"),
        ("copies_in_passes: {max: 0}", "no_pitfalls: all"),
    ],
)
def test_a_pitfall_that_is_named_again(refusal, first, second):
    (message,) = heads(refusal(f"budgets:\n  {first}\n  {second}\n"))
    assert message.startswith("ci.yaml:3:")
    column = 3 if first.startswith("no") else 22
    assert message.endswith(f": copies_in_passes is asked for already, on line 2, column {column}")


def test_a_list_of_unknown_pitfalls_is_not_all_of_them(refusal):
    text = "budgets:\n  no_pitfalls: [copies_in_pass]\n  copies_in_passes: {max: 0}\n"
    assert len(heads(refusal(text))) == 1


def test_a_pitfall_of_two_variants_and_another_pitfall(write):
    text = "budgets: {no_pitfalls: [copies_in_passes], copies_in_passes: [{max: 0, variant: a}, {max: 0, variant: b}], item_every_iteration: {max: 0}}"
    assert len(load_budgets(write(text)).limits) == 4


def test_every_mistake_at_once_with_its_caret(complaint, minimal):
    message = complaint(
        minimal
        + """\
seed: -1
budgets:
  step_time:
    - {max: 42}
    - {min_ratio: 0.97}
  sync: {max: 1 ms}
when:
  no_accelerator:
    budgets:
      sync: [{max: 1 ms}, {min: 2 ms}]
""",
        "budgets.mfu.min=3",
    )
    assert message == textwrap.dedent(
        """\
        scenario.yaml:3:7: seed: found -1; allowed: at least 0
            seed: -1
                  ^
        scenario.yaml:6:13: budgets.step_time[0].max: found 42: missing unit; allowed: ns, us, ms, s
                - {max: 42}
                        ^
        scenario.yaml:7:8: budgets.step_time[1].min_ratio: missing "to", which says what the ratio is to; allowed: baseline, reference, variant:NAME
                - {min_ratio: 0.97}
                   ^
        scenario.yaml:12:28: when.no_accelerator.budgets.sync[1].min: 2 ms contradicts max 1 ms on line 12, column 15; nothing is within both
                  sync: [{max: 1 ms}, {min: 2 ms}]
                                       ^
        --set budgets.mfu.min=3: budgets.mfu.min: found 3; allowed: at most 100 % (as a number, 1)"""
    )


def test_a_scenario_whose_budgets_are_the_only_mistake(complaint, minimal):
    message = complaint(minimal + "budgets: [3]\n")
    assert heads(message) == [
        "scenario.yaml:3:10: budgets: found a list; allowed: a mapping from metrics to limits"
    ]


@pytest.mark.parametrize(
    ("override", "expected"),
    [
        ("budgets.sync.max=5", "budgets.sync.max: found 5: missing unit; allowed: ns, us, ms, s"),
        ("budgets.syn.max=5 ms", 'budgets.syn: unknown metric "syn"; did you mean "sync"?'),
        ("budgets.forward.max=5 ms", "budgets.forward: is a list; set it as a whole"),
        ("budgets.sync.min=5 ms", "budgets.sync.min: a second limit beside max; several are a list of mappings"),
        ("budgets.sync=[{max: 2 ms}, {min: 3 ms}]", "budgets.sync[1].min: 3 ms contradicts max 2 ms by --set budgets.sync=[{max: 2 ms}, {min: 3 ms}]; nothing is within both"),
        ("budgets.kernels.gem.max=1 ms", 'budgets.kernels.gem: unknown metric "kernels.gem"; did you mean "kernels.gemm"?'),
    ],
)  # fmt: skip
def test_mistakes_in_overrides(complaint, minimal, override, expected):
    text = minimal + "budgets: {sync: {max: 1 ms}, forward: [{max: 3 ms}, {min: 1 ms}]}\n"
    assert complaint(text, override) == f"--set {override}: {expected}"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", "ci.yaml: empty; a file of budgets has the key budgets"),
        ("[1]\n", "ci.yaml:1:1: found a list; a file of budgets is a mapping"),
        ("description: x\n", "ci.yaml:1:1: budgets: missing; this key is required"),
        ("budgets:\n", "ci.yaml:1:1: budgets: holds nothing to a limit"),
        ("budgets: {on: {cores: 1}}\n", "ci.yaml:1:1: budgets: holds nothing to a limit"),
        ("budgets: 3\n", "ci.yaml:1:10: budgets: found 3; allowed: a mapping from metrics to limits"),
        ("budgets: {sync: {max: 1 ms}}\ndescription: 3\n", "ci.yaml:2:14: description: found 3; allowed: a string"),
        ("budgets: {sync: {max: 1 ms}}\nmodel: x\n", "ci.yaml:2:1: model: unknown key; allowed: budgets, description"),
        ("budgets: {sync: {max: 1 ms}}\nwhen: {}\n", "ci.yaml:2:1: when: is for scenarios; without an accelerator, give another file of budgets"),
    ],
)  # fmt: skip
def test_what_is_no_file_of_budgets(refusal, text, expected):
    assert heads(refusal(text)) == [expected]


def test_a_file_that_is_not_yaml_or_not_there(refusal, tmp_path):
    (message,) = heads(refusal("budgets: {sync: {max: 1 ms}\nx"))
    assert message.startswith("ci.yaml:2:1: not YAML:")
    with pytest.raises(UserError) as caught:
        load_budgets(tmp_path)
    assert str(caught.value).endswith(": is a directory; a file of budgets is a YAML file")
    with pytest.raises(UserError, match="no such file"):
        load_budgets(tmp_path / "none.yaml")


def test_duplicate_metrics_are_refused(refusal):
    text = "budgets:\n  sync: {max: 1 ms}\n  sync: {min: 1 ms}\n"
    assert heads(refusal(text)) == [
        "ci.yaml:3:3: budgets.sync: duplicate key; it is also on line 2"
    ]


def test_text_from_the_file_cannot_drive_the_terminal(refusal):
    message = refusal(
        'budgets: {"\\e[31m": {max: "1 \\e[31m"}, sync: {max: "1 \\e[31m", "\\e[2m": 1}}'
    )
    assert "\x1b" not in message
