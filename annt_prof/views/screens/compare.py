"""What grew and what shrank between two variants of one run, or of two."""

from __future__ import annotations

from typing import TYPE_CHECKING

from annt_prof.compare.wording import phrase, phrase_apart, without_figures
from annt_prof.explain.agreement import agreement, in_words
from annt_prof.views.compared_figures import build_figures, two_measures
from annt_prof.views.compared_times import build_times
from annt_prof.views.page import Block, Cell, Column, Lines, Page, Row, Said, Sheet, Tone
from annt_prof.views.ratio_sheet import build_ratio_sheet
from annt_prof.views.screens.names import Screen
from annt_prof.views.surroundings import of_machines, of_requests, of_scenarios, of_variants
from annt_prof.views.tones import EFFECT_TONES

if TYPE_CHECKING:
    from collections.abc import Iterator

    from annt_prof.compare.between import Between
    from annt_prof.compare.ratios import Ratios, SpeedupApart
    from annt_prof.views.named_times import NamedTimes, Unnamed
    from annt_prof.views.pair import Pair, Side
    from annt_prof.views.surroundings import Differing

    Named = tuple[NamedTimes | Unnamed, NamedTimes | Unnamed]

TIMES = frozenset({"steps", "categories", "classes", "names", "traces"})
"""Keys of the blocks that tell where the traced steps differ."""


def build_compare_page(
    title: str,
    pair: Pair,
    between: Between | None,
    named: Named | None = None,
    ratios: Ratios | None = None,
) -> Page:
    """Return how the second variant differs from the first.

    Args:
        title: Of what is open.
        pair: What is compared with what.
        between: The speedup, of one run; None of two runs, and where it is not there yet.
        named: What the traces of both show by name; None where that is not known.
        ratios: Between all figures, with their intervals; None where they are not to be shown.

    Raises:
        UserError: A run of the pair cannot be read, or lacks the variant.
    """
    return Page(Screen.COMPARE, title, tuple(_blocks(pair, between, named, ratios)))


def _blocks(
    pair: Pair, between: Between | None, named: Named | None, ratios: Ratios | None
) -> Iterator[Block]:
    first, second = pair.first.variant, pair.second.variant
    by_sample = first.samples_per_iteration != second.samples_per_iteration and all(
        v.samples_per_iteration for v in (first, second)
    )
    apart = None if ratios is None else ratios.apart
    said = _pair(pair, between, ratios, by_sample=by_sample)
    yield Lines("pair", "", tuple(said))
    yield _differences(pair)
    if ratios is not None:
        yield build_ratio_sheet(ratios.figures, by_sample=by_sample)
    if pair.of_one_run:
        verdict = None if between is None else between.verdict
    else:
        verdict = None if apart is None else apart.verdict
    yield build_figures(pair, verdict, per_sample=by_sample)
    yield from build_times(pair, named, by_sample=by_sample)
    yield Lines("traces", "How far to trust the traced steps", tuple(_trust(pair)))


def _pair(
    pair: Pair, between: Between | None, ratios: Ratios | None, *, by_sample: bool
) -> Iterator[Said]:
    yield Said(_named(pair.first), "first", Tone.STRONG)
    yield Said(_named(pair.second), "second", Tone.STRONG)
    for side in (pair.first, pair.second):
        if side.variant.step_time is None:
            why = without_figures(side.variant.status, side.variant.reason)
            yield Said(f"{side.name} has no figures: {why}", "", Tone.BAD)
    yield from _answer(pair, between, ratios)
    if by_sample:
        batches = [side.variant.samples_per_iteration for side in (pair.first, pair.second)]
        yield Said(
            f"batches of {batches[0]} and of {batches[1]}, so times are told per sample",
            "same work",
            Tone.UNSURE,
        )
    for side in (pair.first, pair.second):
        other = pair.second if side is pair.first else pair.first
        for change in side.variant.mathematics:
            if change not in other.variant.mathematics:
                said = change.text if change.about == side.name else change.sentence
                yield Said(f"{side.name}: {said}", "it changes", Tone.QUIET)


def _named(side: Side) -> str:
    run = side.run
    measured = run.created.replace("T", " ").replace("+00:00", " UTC")
    state = "" if run.complete else ", INCOMPLETE"
    return f"{side.name} of {side.source.title} ({run.scenario_name}, {measured}{state})"


def _answer(pair: Pair, between: Between | None, ratios: Ratios | None) -> Iterator[Said]:
    measures = two_measures(pair.first.variant, pair.second.variant)
    if pair.is_one_variant:
        yield Said("the same variant twice: choose another one", "speedup", Tone.UNSURE)
    elif not pair.of_one_run and ratios is not None and ratios.apart is not None:
        yield from _told_apart(ratios.apart, ratios.unlike)
    elif not pair.of_one_run:
        yield Said(
            "the two were not measured beside each other, so the machine's drift is in every "
            "difference, and there is neither an interval nor a verdict",
            "speedup",
            Tone.UNSURE,
        )
    elif measures is not None:
        yield Said(f"none: {measures}", "speedup", Tone.UNSURE)
    elif between is None:
        yield Said("working it out ...", "speedup", Tone.QUIET)
    elif between.speedup is None or between.verdict is None:
        yield Said("none: the two have no round in common", "speedup", Tone.UNSURE)
    else:
        said = phrase(between.verdict, between.speedup)
        yield Said(
            f"the second against the first, paired by round: {said}",
            "speedup",
            EFFECT_TONES[between.verdict.effect],
        )


def _told_apart(apart: SpeedupApart, unlike: tuple[str, ...]) -> Iterator[Said]:
    tone = Tone.UNSURE if apart.verdict is None else EFFECT_TONES[apart.verdict.effect]
    yield Said(
        f"the second against the first, unpaired launches: {phrase_apart(apart)}",
        "speedup",
        tone,
    )
    if unlike:
        yield Said(
            f"figures of different machines or data do not compare: {', '.join(unlike)}",
            "no verdict",
            Tone.UNSURE,
        )
    yield Said(
        "the two were measured at different times, so what drifted between them is in every ratio "
        "and in no interval; variants of one run are measured beside each other",
        "caution",
        Tone.UNSURE,
    )


def _differences(pair: Pair) -> Sheet:
    first, second = pair.first, pair.second
    rows = list(_rows("variant", of_variants(first.variant, second.variant)))
    if not pair.of_one_run:
        here, there = first.run, second.run
        rows = [
            *_rows("machine", of_machines(here.environment, there.environment)),
            *_rows("scenario", of_scenarios(here, there)),
            *_rows("run", of_requests(here, there)),
            *rows,
        ]
    return Sheet(
        key="differences",
        title="What differs between the two",
        columns=(
            Column("of", "of", "The machine, the scenario, the run, or the variant.", False),
            Column("what", "what", "A fact or a setting.", False, True),
            Column("first", "first", "Of the first.", False, True),
            Column("second", "second", "Of the second.", False, True),
        ),
        rows=tuple(rows),
        empty="" if rows else "nothing that is recorded",
    )


def _rows(of: str, differing: tuple[Differing, ...]) -> Iterator[Row]:
    for number, each in enumerate(differing):
        texts = (of, each.what, each.first, each.second)
        yield Row(f"{of} {number} {each.what}", tuple(Cell(text, text) for text in texts))


def _trust(pair: Pair) -> Iterator[Said]:
    for label, side in (("first", pair.first), ("second", pair.second)):
        compared = agreement(side.variant)
        if compared is None:
            yield Said("was not traced, or has no timed step to compare with", label, Tone.UNSURE)
        else:
            tone = Tone.PLAIN if compared.finding == "agree" else Tone.UNSURE
            yield Said(in_words(compared), label, tone)
    if len({side.run.environment.device_type for side in (pair.first, pair.second)}) > 1:
        yield Said(
            "forward, backward and their like are device time where there is a device, and host "
            "time where there is none, so they are not the same thing in both",
            "",
            Tone.UNSURE,
        )
    yield Said(
        "one traced window each, with no interval of its own: a small change is not told from none",
        "",
        Tone.QUIET,
    )
