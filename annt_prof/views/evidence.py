"""The lines of evidence below the verdict on a technique, in their order."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from annt_prof import units
from annt_prof.views.amounts import AmountView, SavingView, build_amount_view, build_saving_view

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from annt_prof.explain.explanation import Movement, TechniqueExplanation
    from annt_prof.runs.record import Numerics

_MOST_CATEGORIES = 6
_LONG_FIRST_STEP_S = 1.0


class Alone(msgspec.Struct, frozen=True):
    """What the technique saves or costs alone."""

    saving: SavingView


class GivenOthers(msgspec.Struct, frozen=True):
    """What it saves or costs on top of all others, where that is another amount."""

    saving: SavingView


class Share(msgspec.Struct, frozen=True):
    """Its share of the whole mix's saving."""

    amount: AmountView


class CategoryChange(msgspec.Struct, frozen=True):
    """By how much a category grew; negative where it shrank.

    Attributes:
        change_ns: Per sample.
    """

    category: str
    change_ns: int


class Moved(msgspec.Struct, frozen=True):
    """Where the time went or came from.

    Attributes:
        categories: The largest changes, the largest first; none that reads as nothing.
        others_ns: The change of all others together; None where that reads as nothing.
        not_in_traces_ns: What the timed windows show and the traces do not; None like that.
    """

    categories: tuple[CategoryChange, ...]
    others_ns: int | None
    not_in_traces_ns: int | None


class Reconciled(msgspec.Struct, frozen=True):
    """How the traced windows compare with the timed ones.

    Attributes:
        traced_ns: Of the saving, what the traces show as they are.
        left_ns: What they do not show.
    """

    traced_ns: int
    left_ns: int


class Signature(msgspec.Struct, frozen=True):
    """Whether the movers moved as they should.

    Attributes:
        fell: As expected.
        not_fallen: Should have and did not.
        not_flat: Should have stayed and did not.
        unclear: Too noisy to tell.
    """

    fell: tuple[str, ...]
    not_fallen: tuple[str, ...]
    not_flat: tuple[str, ...]
    unclear: tuple[str, ...]


class Predicted(msgspec.Struct, frozen=True):
    """What was told from the baseline alone, and whether it held.

    Attributes:
        low_ns, high_ns: Per sample.
        basis: What the higher one is made of.
        held: None where the measured saving is too noisy to tell.
        off_ns: How far outside the saving lies; None unless the prediction did not hold.
    """

    low_ns: int
    high_ns: int
    basis: str
    held: bool | None
    off_ns: int | None


class CouldSee(msgspec.Struct, frozen=True):
    """The smallest effect, a fraction of time, that is found four times out of five."""

    smallest_effect: float


class FirstStep(msgspec.Struct, frozen=True):
    """A very first step that took long.

    Attributes:
        extra_s: Longer than the baseline's.
        paid_back_after: Iterations; None where nothing that is measured pays it back.
    """

    extra_s: float
    paid_back_after: int | None


class Rounding(msgspec.Struct, frozen=True):
    """What rounding one kind of number does.

    Attributes:
        of: The kind.
        dtype: What it is rounded to.
        mean_absolute_error: Mean of |x - Q(x)|.
        relative_error: That over the mean of |x|.
        underflow, overflow: Fractions of all numbers.
    """

    of: str
    dtype: str
    mean_absolute_error: float
    relative_error: float
    underflow: float
    overflow: float


class LossScale(msgspec.Struct, frozen=True):
    """How the loss was scaled over a few steps.

    Attributes:
        first, last: The scale.
        num_steps: From the one to the other.
        num_skipped: Of the steps, as gradients overflowed.
    """

    first: float
    last: float
    num_steps: int
    num_skipped: int


class Mathematics(msgspec.Struct, frozen=True):
    """What the technique changes in the mathematics."""

    text: str


Evidence = (
    Alone
    | GivenOthers
    | Share
    | Moved
    | Reconciled
    | Signature
    | Predicted
    | CouldSee
    | FirstStep
    | Rounding
    | LossScale
    | Mathematics
)


def build_evidence(technique: TechniqueExplanation) -> tuple[Evidence, ...]:
    """Return what is known of a technique; of the rest there is no line."""
    return tuple(_lines(technique))


def _lines(technique: TechniqueExplanation) -> Iterator[Evidence]:
    if technique.alone is not None:
        yield Alone(build_saving_view(technique.alone))
    if technique.given_others is not None and technique.given_others != technique.alone:
        yield GivenOthers(build_saving_view(technique.given_others))
    if technique.share is not None:
        yield Share(build_amount_view(technique.share))
    if technique.saving_by_category_ns is not None:
        yield _moved(technique.saving_by_category_ns, technique.not_in_trace_ns or 0)
    if technique.traced_ns is not None and technique.unreconciled_ns is not None:
        yield Reconciled(technique.traced_ns, technique.unreconciled_ns)
    if technique.signature:
        yield _signature(technique.signature)
    if technique.bounds is not None:
        off_ns = technique.prediction_error_ns
        yield Predicted(
            technique.bounds.low_ns,
            technique.bounds.high_ns,
            technique.bounds.basis,
            technique.prediction_held,
            abs(off_ns) if off_ns and technique.prediction_held is False else None,
        )
    if technique.smallest_effect is not None:
        yield CouldSee(technique.smallest_effect)
    if (
        technique.extra_first_step_s is not None
        and technique.extra_first_step_s > _LONG_FIRST_STEP_S
    ):
        yield FirstStep(technique.extra_first_step_s, technique.paid_back_after)
    if technique.numerics is not None:
        yield from _numerics(technique.numerics)
    if technique.mathematics:
        yield Mathematics(technique.mathematics)


def _moved(saving_by_category_ns: Mapping[str, int], lacking_ns: int) -> Moved:
    moved = [CategoryChange(name, -ns) for name, ns in saving_by_category_ns.items()]
    moved.sort(key=lambda change: -abs(change.change_ns))
    shown = [c for c in moved[:_MOST_CATEGORIES] if not units.reads_as_nothing(c.change_ns)]
    others_ns = sum(change.change_ns for change in moved[len(shown) :])
    return Moved(tuple(shown), _told(others_ns), _told(-lacking_ns))


def _told(change_ns: int) -> int | None:
    return None if units.reads_as_nothing(change_ns) else change_ns


def _signature(movements: tuple[Movement, ...]) -> Signature:
    falls = [m for m in movements if m.expected == "falls"]
    may_fall = [m for m in movements if m.expected == "may_fall"]
    flat = [m for m in movements if m.expected == "stays_flat"]
    return Signature(
        fell=tuple(m.mover for m in (*falls, *may_fall) if m.seen == "fell"),
        not_fallen=tuple(m.mover for m in falls if m.seen in ("flat", "rose")),
        not_flat=tuple(m.mover for m in flat if m.as_expected is False),
        unclear=tuple(m.mover for m in (*falls, *flat) if m.seen == "unclear"),
    )


def _numerics(numerics: Numerics) -> Iterator[Evidence]:
    for error in numerics.quantisation:
        mean = error.mean_absolute_value
        yield Rounding(
            error.of,
            error.dtype,
            error.mean_absolute_error,
            error.mean_absolute_error / mean if mean else 0.0,
            error.underflow,
            error.overflow,
        )
    if numerics.loss_scale:
        yield LossScale(
            numerics.loss_scale[0],
            numerics.loss_scale[-1],
            len(numerics.loss_scale) - 1,
            numerics.skipped_steps,
        )
