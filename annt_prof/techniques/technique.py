"""What a technique is: options, where it applies, the trace it should leave, its pitfalls."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, Protocol, TypeVar

from annt_prof.categories import Category, KernelClass

if TYPE_CHECKING:
    from collections.abc import Callable

    from annt_prof.machine.machine import Machine
    from annt_prof.mistakes import MistakeKey
    from annt_prof.techniques.evidence import Baseline, Evidence, Prediction
    from annt_prof.techniques.observed import Observed
    from annt_prof.techniques.setup import TrainingSetup

Mover = Category | KernelClass

REDUNDANT = "the baseline does so already"
"""Why a technique that is redundant cannot act."""


class Options(Protocol):
    """A technique's options: a frozen dataclass with defaults, whose fields carry metadata.

    Each field's metadata holds ``description`` (with the unit) and, where needed, pydantic's
    constraints (``ge``, ``gt``, ``le``, ``lt``), so that this package needs no pydantic.
    """

    def apply(self, setup: TrainingSetup) -> None:
        """Edit the declaration of the loop. Called once, before anything is built from it."""


Opts = TypeVar("Opts", bound=Options)
"""The dataclass of one technique's options."""


@dataclass(frozen=True)
class Signature:
    """What the technique should do to a breakdown, per sample.

    Attributes:
        falls: Categories and kernel classes whose time must fall for the mechanism to be at work.
        may_rise: Those that may pay for it.
        stays_flat: Those it cannot touch; movement there is something else.
        bound: What limits the saving, in one sentence.
        may_fall: Those whose time may fall by the same mechanism, and need not. What spares the
            host work has ``host_bound`` here or in ``falls``.
    """

    falls: tuple[Mover, ...]
    may_rise: tuple[Mover, ...]
    stays_flat: tuple[Mover, ...]
    bound: str
    may_fall: tuple[Mover, ...] = ()

    def lowers(self, mover: Mover) -> bool:
        """Tell whether its mechanism lowers this time, always or at times."""
        return mover in self.falls or mover in self.may_fall

    @property
    def shortens_kernels_alone(self) -> bool:
        """Whether all that falls is time of kernels, and nothing that the host does."""
        movers = (*self.falls, *self.may_fall)
        return bool(self.falls) and all(_of_kernels(mover) for mover in movers)


def _of_kernels(mover: Mover) -> bool:
    return isinstance(mover, KernelClass) or mover in (Category.FORWARD, Category.BACKWARD)


@dataclass(frozen=True)
class Pitfall:
    """A known way in which the technique goes wrong.

    Attributes:
        name: A short phrase.
        why: What goes wrong, in one or two sentences.
        check: Looks at a finished setup and returns what it found there, or None.
        key: What JSON and budgets call it; None where a plug-in names none.
    """

    name: str
    why: str
    check: Callable[[TrainingSetup], str | None]
    key: str | None = None

    @classmethod
    def known(
        cls,
        key: MistakeKey,
        why: str,
        check: Callable[[TrainingSetup], str | None],
        name: str | None = None,
    ) -> Pitfall:
        """Return the pitfall of a known mistake.

        Args:
            key: Of the mistake.
            why: As above.
            check: As above.
            name: Where the technique has a closer phrase than the one that the mistake goes by.
        """
        return cls(name or key.description, why, check, key)


def needs_an_accelerator(lacking: str) -> Callable[[object, Machine], str | None]:
    """Return the obstacle of a technique that acts on an accelerator only.

    Args:
        lacking: What a machine without one cannot do, as it is printed.
    """

    def obstacle(_options: object, machine: Machine) -> str | None:
        return lacking if machine.device_type == "cpu" else None

    return obstacle


def needs_cuda(lacking: str) -> Callable[[object, Machine], str | None]:
    """Return the obstacle of a technique that torch has for CUDA and HIP devices only.

    Args:
        lacking: What a machine without one cannot do, as it is printed.
    """

    def obstacle(_options: object, machine: Machine) -> str | None:
        return None if machine.device_type == "cuda" else lacking

    return obstacle


def _no_prediction(_options: object, _evidence: Evidence) -> Prediction | None:
    return None


def _never(_options: object, _baseline: Baseline) -> bool:
    return False


def _acted(_options: object, _observed: Observed) -> str | None:
    return None


def _nothing_to_say(_options: object, _machine: Machine) -> str | None:
    return None


@dataclass(frozen=True)
class Technique(Generic[Opts]):
    """One tuning switch and all that is known of it.

    Attributes:
        name: As in a scenario, and the name of its file.
        summary: What it changes, in one line.
        options: The dataclass of its options, which all its functions are given.
        obstacle: Why it cannot act with these options on this machine, or None.
        remark: What to say beside its result on this machine, or None.
        predict: What it could save with these options, told from the baseline's step; None
            where that step does not tell.
        redundant: Whether the baseline is set up with these options already, so that whatever is
            measured is noise.
        inaction: Why it does not act with these options on what one batch of the baseline showed,
            or None; only where that is certain.
        freed_by: Techniques beside which it may act although a scenario refuses it alone.
        mathematics: What it changes in the mathematics of training, in one sentence.
        source: Where its definition and its claims come from.
    """

    name: str
    summary: str
    options: type[Opts]
    signature: Signature
    mathematics: str
    source: str
    pitfalls: tuple[Pitfall, ...] = ()
    obstacle: Callable[[Opts, Machine], str | None] = _nothing_to_say
    remark: Callable[[Opts, Machine], str | None] = _nothing_to_say
    predict: Callable[[Opts, Evidence], Prediction | None] = _no_prediction
    redundant: Callable[[Opts, Baseline], bool] = _never
    freed_by: frozenset[str] = frozenset()
    inaction: Callable[[Opts, Observed], str | None] = _acted
