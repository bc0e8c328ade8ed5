"""What a user reads when a scenario is wrong: exact text for each kind of mistake."""

# ruff: noqa: E501 - messages stand here as they are printed

import textwrap

import pytest

from annt_prof.scenario.problems import Problem, report
from annt_prof.scenario.tree import Mark


def test_every_mistake_at_once_in_the_order_of_the_file(complaint):
    message = complaint(
        """\
# a scenario with many mistakes
model: {source: tim, name: x}
dataset:
  name: cifar1
  batch_size: 0
  augmentation: [random_crop, random]
  pin_memory: on
techniques:
  amp: {dtyp: bfloat16}
  gradient_accumulaton:
window:
  rouns: 3
  iterations: "10"
when:
  no_accelerator:
    dataset: {batch_size: 1.5}
  no_gpu: 3
""",
        "window.round=3",
    )
    assert message == textwrap.dedent(
        """\
        scenario.yaml:2:17: model.source: found the string "tim"; did you mean "timm"? (allowed: torchvision, timm, transformers, python)
            model: {source: tim, name: x}
                            ^
        scenario.yaml:4:9: dataset.name: unknown dataset "cifar1"; did you mean "cifar10"? (a dataset of your own is named module:factory)
              name: cifar1
                    ^
        scenario.yaml:5:15: dataset.batch_size: found 0; allowed: at least 1
              batch_size: 0
                          ^
        scenario.yaml:6:31: dataset.augmentation[1]: found the string "random"; did you mean "random_crop"? (allowed: random_crop, horizontal_flip, random_affine)
              augmentation: [random_crop, random]
                                          ^
        scenario.yaml:7:15: dataset.pin_memory: found the string "on"; allowed: true or false (in YAML 1.2 on is a string; write true)
              pin_memory: on
                          ^
        scenario.yaml:9:9: techniques.amp.dtyp: unknown key; did you mean "dtype"?
              amp: {dtyp: bfloat16}
                    ^
        scenario.yaml:10:3: techniques.gradient_accumulaton: unknown technique "gradient_accumulaton"; did you mean "gradient_accumulation"?
              gradient_accumulaton:
              ^
        scenario.yaml:12:3: window.rouns: unknown key; did you mean "rounds"?
              rouns: 3
              ^
        scenario.yaml:13:15: window.iterations: found the string "10"; allowed: an integer
              iterations: "10"
                          ^
        scenario.yaml:16:27: when.no_accelerator.dataset.batch_size: found 1.5; allowed: an integer
                dataset: {batch_size: 1.5}
                                      ^
        scenario.yaml:17:3: when.no_gpu: unknown key; allowed: no_accelerator
              no_gpu: 3
              ^
        --set window.round=3: window.round: unknown key; did you mean "rounds"?"""
    )


def test_a_missing_key_points_at_its_parent(complaint):
    message = complaint("seed: 1\ndataset:\n  name: cifar10\n")
    assert message == textwrap.dedent(
        """\
        scenario.yaml:1:1: model: missing; this key is required
            seed: 1
            ^
        scenario.yaml:2:1: dataset.batch_size: missing; this key is required
            dataset:
            ^"""
    )


def test_a_syntax_error_shows_its_line(complaint):
    message = complaint("model: {source: timm, name: x\ndataset: 3\n")
    assert message.splitlines()[0].startswith("scenario.yaml:2:8: not YAML: expected ',' or '}'")
    assert message.splitlines()[1:] == ["    dataset: 3", "           ^"]


def test_duplicate_keys_are_reported_beside_the_rest(complaint, minimal):
    message = complaint(minimal + "seed: 1\nseed: -2\nloss: 3\n")
    assert "scenario.yaml:4:1: seed: duplicate key; it is also on line 3" in message
    assert "scenario.yaml:5:7: loss: found 3; allowed: a mapping" in message


@pytest.mark.parametrize(
    ("text", "start"),
    [
        ("", "scenario.yaml: empty; a scenario names at least a model and a dataset"),
        ("# nothing\n", "scenario.yaml: empty;"),
        ("[1, 2]\n", "scenario.yaml:1:1: found a list; a scenario is a mapping"),
        ("hello\n", 'scenario.yaml:1:1: found the string "hello"; a scenario is a mapping'),
        ("when: 3\n", "scenario.yaml:1:1: model: missing"),
    ],
)
def test_a_file_that_is_no_scenario(complaint, text, start):
    assert complaint(text).startswith(start)


@pytest.mark.parametrize(
    ("addition", "expected"),
    [
        ("seed: -1", "scenario.yaml:3:7: seed: found -1; allowed: at least 0"),
        ("seed: 4294967296", "seed: found 4294967296; allowed: less than 4294967296"),
        ("seed: true", "seed: found true; allowed: an integer"),
        ("seed:", "scenario.yaml:3:1: seed: found nothing (null); allowed: an integer"),
        ("seed: [1]", "seed: found a list; allowed: an integer"),
        ("optimizer: {lr: fast}", 'optimizer.lr: found the string "fast"; allowed: a number'),
        ("optimizer: {lr: 0}", "optimizer.lr: found 0; allowed: more than 0"),
        ("optimizer: {name: lion}", "optimizer.name: found the string"),
        ("optimizer: {name: 3}", "optimizer.name: found 3; allowed: sgd, adam, adamw"),
        ("optimizer: {nesterov: yes}", "in YAML 1.2 yes is a string; write true"),
        ("optimizer: {clipping: {kind: norm}}", "optimizer.clipping.limit: missing"),
        ("optimizer: {clipping: {kin: norm, limit: 1}}", 'unknown key; did you mean "kind"?'),
        ("optimizer: {momentum: 1}", "optimizer.momentum: found 1; allowed: less than 1"),
        ("name: ../x", 'name: found the string "../x"; allowed: letters, digits'),
        ("description: 3", "description: found 3; allowed: a string"),
        ("techniques: [amp]", "techniques: found a list; allowed: a mapping"),
        ("techniques: {amp: 3}", "techniques.amp: found 3; allowed: a mapping"),
        ("techniques: {amp: {dtype: fp16}}", 'the string "fp16"; allowed: auto, float16, bfloat16'),
        (
            "techniques: {gradient_accumulation: {steps: 1}}",
            "techniques.gradient_accumulation.steps: found 1; allowed: at least 2",
        ),
        ("Model: {}", 'Model: unknown key; did you mean "model"?'),
        ("when: 3", "scenario.yaml:3:7: when: found 3; allowed: a mapping"),
        ("when: {no_accelerator: 3}", "when.no_accelerator: found 3; allowed: a mapping"),
        ("when: {no_accelerator: {when: {}}}", "when.no_accelerator.when: unknown key"),
        (
            "when: {no_accelerator: {sed: 1}}",
            'when.no_accelerator.sed: unknown key; did you mean "seed"',
        ),
    ],
)
def test_each_kind_of_mistake(complaint, minimal, addition, expected):
    assert expected in complaint(minimal + addition + "\n")


@pytest.mark.parametrize(
    ("override", "expected"),
    [
        ("seed", "--set seed: expected key.path=value, such as window.rounds=10"),
        ("=3", "--set =3: expected key.path=value"),
        ("window..rounds=3", "--set window..rounds=3: expected key.path=value"),
        ("window.rounds=", "--set window.rounds=: window.rounds: no value; write null for none"),
        ("seed=[1", "--set seed=[1: seed: not YAML"),
        ("seed=x", '--set seed=x: seed: found the string "x"; allowed: an integer'),
        ("sed=1", '--set sed=1: sed: unknown key; did you mean "seed"?'),
        ("seed.x=1", "--set seed.x=1: seed: found a mapping; allowed: an integer"),
        ("techniques.apm={}", '--set techniques.apm={}: techniques.apm: unknown technique "apm"'),
        ("techniques.amp.dtyp=x", 'techniques.amp.dtyp: unknown key; did you mean "dtype"?'),
        ("when.no_accelerator.seed=1", "when: --set already wins over when"),
    ],
)
def test_mistakes_in_overrides_name_the_override(complaint, minimal, override, expected):
    assert expected in complaint(minimal, override)


def test_a_mistake_of_base_and_overlay_is_named_once(complaint, minimal):
    message = complaint(minimal + "seed: -1\nwhen: {no_accelerator: {window: {rounds: 9}}}\n")
    assert message.count("seed: found -1") == 1


def test_files_that_cannot_be_read(write):
    from pathlib import Path

    from annt_prof.errors import UserError
    from annt_prof.scenario.loading import load

    write("model: {}\n", "vit_amp.yaml")
    write(b"a: 1\nb: \xff\n", "latin.yaml")
    write(b"# " + b"x" * 300_000, "huge.yaml")
    expected = {
        "vit_apm.yaml": "vit_apm.yaml: no such file\nhint: did you mean vit_amp.yaml?",
        "nowhere/at_all.yaml": "nowhere/at_all.yaml: no such file",
        ".": ".: is a directory; a scenario is a YAML file",
        "latin.yaml": "latin.yaml:2: not UTF-8: byte 0xff\nhint: save the file as UTF-8",
        "huge.yaml": "huge.yaml: 300,002 bytes; a scenario has at most 262,144: is it one?",
        "/dev/null": "/dev/null: is not a regular file",
        "x" * 5000: ": cannot be read: File name too long",
    }
    for name, message in expected.items():
        with pytest.raises(UserError) as caught:
            load(Path(name))
        assert str(caught.value).endswith(message)


def test_text_from_the_file_cannot_drive_the_terminal():
    error = report([Problem("bad", "a", Mark(1, 5))], "x\x1b[31m.yaml", "a:\t\x1b]b\x07")
    assert "\x1b" not in str(error)
    assert "\x07" not in str(error)
    assert str(error).splitlines()[0] == r"x\x1b[31m.yaml:1:5: a: bad"


def test_the_caret_stands_under_wide_characters():
    error = report([Problem("bad", "", Mark(1, 7))], "s.yaml", "名前: ab")
    assert str(error).splitlines()[1:] == ["    名前: ab", "    " + " " * 8 + "^"]


def test_a_long_line_is_cut_around_the_caret():
    line = "a: [" + "x, " * 200 + "BAD]"
    column = line.index("BAD") + 1
    shown, caret = str(report([Problem("bad", "", Mark(1, column))], "s", line)).splitlines()[1:]
    assert len(shown) <= 104
    assert shown[caret.index("^") :].startswith("BAD")
