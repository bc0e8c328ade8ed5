"""What is added up of a run that was stopped in the middle of a round is of the same rounds."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from annt_prof.compare.pairing import speedup
from annt_prof.explain.costs import in_common_rounds
from annt_prof.explain.explaining import explain
from annt_prof.explain.explanation import Explanation
from annt_prof.explain.facts import gather
from annt_prof.runs.record import Run, VariantRecord
from annt_prof.views.waterfall import build_waterfall_view
from hand_made import run, variant

LAST_ROUND = 7  # of launch 3, each of which has two
MEANS_MS = {
    "baseline": [80.0, 81.0, 79.5, 80.5, 80.2, 79.8, 80.0, 80.0],
    "amp": [64.0, 64.4, 63.9, 64.1, 64.2, 63.8, 64.0, 64.0],
    "tf32": [72.0, 72.6, 71.7, 72.2, 72.1, 71.9, 72.0, 72.0],
    "all": [48.0, 48.3, 47.8, 48.1, 48.2, 47.9, 48.0, 90.0],  # what only the last round shows
}


def made(**changes: object) -> Run:
    variants = [
        variant(
            name, means_ms, rounds_per_launch=2,
            **({"factors": ("amp", "tf32")} if name == "all" else {}), **changes,
        )
        for name, means_ms in MEANS_MS.items()
    ]  # fmt: skip
    return run(*variants, design="factorial", stop="interrupted", complete=False)


def without(record: Run, name: str, *rounds: int) -> Run:
    """The run without these windows of one variant, as Ctrl-C leaves it."""
    kept = [
        replace(v, windows=tuple(w for w in v.windows if w.round not in rounds))
        if v.name == name
        else v
        for v in record.variants
    ]
    return replace(record, variants=run(*kept).variants)


def measured(record: Run, name: str) -> VariantRecord:
    return next(v for v in record.variants if v.name == name)


def shared(explanation: Explanation) -> list[int]:
    return [each.share.ns for each in explanation.techniques if each.share is not None]


@pytest.mark.parametrize("uneven", [False, True])
@pytest.mark.parametrize("cut", ["baseline", "amp", "tf32", "all"])
def test_the_shares_of_a_run_cut_in_mid_round_sum_to_the_total(cut: str, uneven: bool) -> None:
    found = explain(without(made(uneven=uneven), cut, LAST_ROUND))
    assert found.total is not None
    assert sum(shared(found)) == found.total.ns
    for each in found.techniques:
        assert each.share is not None
        assert each.share.low_ns is not None
        assert each.share.high_ns is not None
        centre_ns = (each.share.low_ns + each.share.high_ns) / 2
        assert each.share.ns == pytest.approx(centre_ns, abs=2)


def test_the_total_is_that_of_the_run_without_the_cut_round() -> None:
    whole_rounds = made()
    for name in MEANS_MS:
        whole_rounds = without(whole_rounds, name, LAST_ROUND)
    cut, expected = explain(without(made(), "amp", LAST_ROUND)), explain(whole_rounds)
    assert expected.total is not None
    assert cut.total is not None
    # The baseline's own time, which brings ratios to nanoseconds, is of all its windows.
    scale = cut.baseline_ns / expected.baseline_ns
    assert cut.total.ns == pytest.approx(scale * expected.total.ns, abs=1)
    assert shared(cut) == pytest.approx([scale * ns for ns in shared(expected)], abs=1)
    for ours, theirs in zip(cut.techniques, expected.techniques, strict=True):
        assert ours.given_others.ns == pytest.approx(scale * theirs.given_others.ns, abs=1)


def test_what_a_technique_adds_to_the_other_is_what_both_save_without_the_others_own() -> None:
    """Of two techniques: the total is the one alone and the other on top, in the same rounds."""
    record = without(made(), "amp", LAST_ROUND)
    found = explain(record)
    compared = gather(record, None).compared
    alone = speedup(compared[frozenset()], compared[frozenset(("tf32",))])
    assert alone is not None
    assert found.baseline_ns is not None
    tf32_ns = found.baseline_ns * (1 - 1 / alone.ratio)
    amp = found.techniques[0]
    assert found.total.ns == pytest.approx(tf32_ns + amp.given_others.ns, abs=2)


def test_a_technique_alone_is_what_its_verdict_says() -> None:
    record = without(made(), "all", LAST_ROUND)
    amp = explain(record).techniques[0]
    assert amp.speedup == measured(record, "amp").speedup
    assert amp.speedup.rounds == LAST_ROUND + 1
    assert amp.alone.ns == round(explain(record).baseline_ns * (1 - 1 / amp.speedup.ratio))


def test_the_waterfall_ends_where_the_whole_mix_does() -> None:
    view = build_waterfall_view(explain(without(made(), "amp", LAST_ROUND)))
    assert view is not None
    changes_ns = [bar.change_ns for bar in view.techniques]
    assert view.baseline.change_ns + sum(changes_ns) == view.whole.change_ns


def test_without_shares_the_total_is_of_all_rounds_of_the_mix() -> None:
    """The techniques alone have no round in common, so nothing is shared out."""
    record = without(made(), "amp", 0, 1, 2, 3)
    record = without(record, "tf32", 4, 5, 6, 7)
    facts = gather(record, None)
    assert (facts.shares, facts.orders) == ({}, [])
    assert facts.compared == facts.measured
    assert facts.whole == measured(record, "all").speedup
    assert facts.whole.rounds == LAST_ROUND + 1
    assert facts.total is not None


def test_rounds_in_common_are_those_of_all() -> None:
    record = without(without(made(), "amp", LAST_ROUND), "tf32", 2)
    sets = {frozenset(v.factors): v for v in record.variants}
    found = in_common_rounds(sets)
    assert {tuple(w.round for w in v.windows) for v in found.values()} == {(0, 1, 3, 4, 5, 6)}
    assert in_common_rounds({}) == {}
    nothing = {
        n: replace(v, windows=v.windows[:1] if n else v.windows[1:]) for n, v in sets.items()
    }
    assert in_common_rounds(nothing) == {}


@pytest.mark.parametrize("cut", ["amp", "all"])
def test_launches_are_those_behind_the_total(cut: str) -> None:
    """The last one was only begun: the baseline and others ran in it, the cut variant did not."""
    found = explain(without(made(), cut, LAST_ROUND - 1, LAST_ROUND))
    assert found.launches == 3
    assert explain(made()).launches == 4


def test_without_a_total_the_launches_are_those_of_what_was_compared_with_the_baseline() -> None:
    only = replace(made(), variants=tuple(v for v in made().variants if v.name != "all"))
    for name in ("amp", "tf32"):
        only = without(only, name, LAST_ROUND - 1, LAST_ROUND)
    assert explain(only).total is None
    assert explain(only).launches == 3
    some = without(only, "amp", 2, 3, 4, 5)
    assert [each.speedup.launches for each in explain(some).techniques] == [1, 3]
    assert explain(some).launches == 3
    nothing = replace(only, variants=only.variants[:1])
    assert explain(nothing).launches == 4


@pytest.mark.parametrize(
    ("cut", "rounds"), [("amp", (7, 8)), ("all", (7, 7)), ("baseline", (7, 7)), (None, (8, 8))]
)
def test_rounds_are_those_of_the_total_and_of_the_whole_mix(
    cut: str | None, rounds: tuple[int, int]
) -> None:
    found = explain(made() if cut is None else without(made(), cut, LAST_ROUND))
    assert (found.rounds, found.rounds_of_mix) == rounds


def test_without_a_mix_there_are_no_rounds_of_it() -> None:
    only = replace(made(), variants=made().variants[:3])
    assert (explain(only).rounds, explain(only).rounds_of_mix) == (0, 0)
