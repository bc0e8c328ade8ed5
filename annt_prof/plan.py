"""Which variants are measured, and in which order: a pure function of scenario and seed."""

from __future__ import annotations

import itertools
import random
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, get_args

from annt_prof import units
from annt_prof.errors import UserError
from annt_prof.scenario.pair import settings_changed

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator
    from pathlib import Path

    from annt_prof.scenario.pair import Change, Pair
    from annt_prof.scenario.schema import ChosenTechnique, Scenario

Design = Literal["alone", "leave-one-out", "factorial", "sampled"]
"""How sets of techniques, or of the differences of two scenarios, are chosen."""

DESIGNS: tuple[Design, ...] = get_args(Design)

BASELINE = "baseline"
ALL = "all"
AGAIN = "baseline_again"
"""The baseline once more: what it seems to be worth is what this machine cannot tell from 0."""

LEAST_LAUNCHES = 3
"""Launches that an interval needs: Student's t for two of them is 12.7, which says nothing."""

FACTORIAL_BY_DEFAULT = 3  # techniques, on an accelerator
MOST_FACTORIAL = 6  # techniques: 64 variants
MOST_PAIRED = 4  # differences of two scenarios: 16 variants
# Castro, Gomez and Tejada, Polynomial calculation of the Shapley value based on sampling,
# Computers & Operations Research 36(5), 2009; each order is paired with its reverse, which
# balances early and late places. Mitchell et al., Sampling Permutations for Shapley Value
# Estimation, JMLR 23, 2022, section 4.1.
ORDER_PAIRS = 2


@dataclass(frozen=True)
class Factor:
    """A difference of two scenarios.

    Attributes:
        change: What it is in the first and in the second.
    """

    name: str
    change: str


@dataclass(frozen=True)
class Side:
    """Whose code a variant runs, where two checkouts or two environments are compared.

    Attributes:
        python: Interpreter that runs it; None for processes from the fork server.
        search_path: Folder of the user's own modules; None for the one beside the scenario.
        checkout: The root of the checkout that the run was started in.
        worktree: The root of the checkout that takes its place; None where none does.
    """

    python: Path | None = None
    search_path: Path | None = None
    checkout: Path | None = None
    worktree: Path | None = None


@dataclass(frozen=True)
class Variant:
    """The scenario with one particular set of techniques on.

    Attributes:
        techniques: Those on.
        changes: Of the scenario's other values, where two scenarios are compared.
        factors: Of these two scenarios, those that are on; None where techniques alone vary.
        side: Whose code it runs; None for that of the run.
    """

    name: str
    techniques: tuple[ChosenTechnique, ...]
    changes: tuple[Change, ...] = ()
    factors: tuple[Factor, ...] | None = None
    side: Side | None = None

    @property
    def factor_names(self) -> tuple[str, ...]:
        """What tells it from the baseline."""
        if self.factors is None:
            return tuple(chosen.name for chosen in self.techniques)
        return tuple(factor.name for factor in self.factors)


@dataclass(frozen=True)
class Plan:
    """What will be measured.

    Attributes:
        variants: The baseline first, then each technique alone, then what else the design asks
            for, the whole mix last but for the baseline's repetition.
        seed: Of the order of the rounds.
        design: How the variants were chosen.
        orders: In which techniques are added one after the other; only of a sampled design.
    """

    variants: tuple[Variant, ...]
    seed: int
    design: Design = "alone"
    orders: tuple[tuple[str, ...], ...] = ()

    def rounds(self) -> Iterator[tuple[Variant, ...]]:
        """Yield the order of each round, without end; the same for the same seed.

        Every other round is a fresh shuffle, so that no variant profits from always following
        another, and the next is its reverse: of any two variants each is the earlier one as often.
        The first window of a round follows what is done between rounds and takes longer: by 1.4 %,
        where windows last 25 ms (43 checks of the same code against itself, two CPU cores). With a
        shuffle for each round the earlier ones were not as many, and the same ones in every run of
        the same seed: unchanged code seemed 0.4 % slower, 1.5 % in some launches.

        Source: reversed (counterbalanced, AB BA) sequences of a pair, as in B. Jones and M.
        Kenward, Design and Analysis of Cross-Over Trials, 2014, chapter 2.
        """
        generator = random.Random(self.seed)
        while True:
            order = tuple(generator.sample(self.variants, k=len(self.variants)))
            yield order
            yield order[::-1]


def plan(
    scenario: Scenario,
    *,
    accelerated: bool = False,
    inapplicable: Collection[str] = (),
    again: bool = False,
) -> Plan:
    """Choose the variants.

    Args:
        scenario: With the mix and the design that it asks for.
        accelerated: Whether the run uses an accelerator, where windows are cheap.
        inapplicable: Techniques of the mix that cannot act here; they vary nothing, so they are
            left out of all sets but their own and the whole mix.
        again: Whether to measure the baseline twice.

    Raises:
        UserError: A factorial of so many techniques would never end.
    """
    mix: tuple[ChosenTechnique, ...] = scenario.techniques
    acting = tuple(chosen.name for chosen in mix if chosen.name not in inapplicable)
    design = _design(scenario, acting, accelerated=accelerated)
    orders = _orders(acting, scenario.seed) if design == "sampled" else ()
    alone = [Variant(chosen.name, (chosen,)) for chosen in mix]
    inner = [
        Variant(_name(chosen, acting), tuple(c for c in mix if c.name in chosen))
        for chosen in _sets(design, acting, orders)
        if 1 < len(chosen) < len(acting)
    ]
    whole = [Variant(ALL, mix)] if len(mix) > 1 else []
    repeated = [Variant(AGAIN, ())] if again else []
    variants = (Variant(BASELINE, ()), *alone, *inner, *whole, *repeated)
    return Plan(variants, scenario.seed, design, orders)


def as_written(names: tuple[str, ...]) -> str:
    """Return the variant that is the scenario with all of its techniques, or what is checked.

    Args:
        names: Of a run's variants, in its order.
    """
    if ALL in names:
        return ALL
    others = [name for name in names if name not in (BASELINE, AGAIN)]
    return others[0] if others else BASELINE


def only(planned: Plan, names: Collection[str]) -> Plan:
    """Return a plan with the baseline and the variants of these names alone."""
    kept = tuple(v for v in planned.variants if v.name == BASELINE or v.name in names)
    return Plan(kept, planned.seed, planned.design, planned.orders)


def plan_pair(pair: Pair, *, inapplicable: Collection[str] = (), again: bool = False) -> Plan:
    """Choose the variants between two scenarios: all sets of their differences, if few enough.

    Args:
        pair: The question.
        inapplicable: Techniques that cannot act here.
        again: Whether to measure the first scenario twice.
    """
    names = tuple(difference.name for difference in pair.differences)
    acting = tuple(name for name in names if name not in inapplicable)
    design: Design = "factorial" if len(acting) <= MOST_PAIRED else "sampled"
    orders = _orders(acting, pair.first.seed) if design == "sampled" else ()
    sets = [frozenset((name,)) for name in names]
    sets += [s for s in _sets(design, acting, orders) if 1 < len(s) < len(acting)]
    inner = [_between(pair, chosen, acting) for chosen in sets]
    whole = [_between(pair, frozenset(names), names, ALL)] if len(names) > 1 else []
    nothing: frozenset[str] = frozenset()
    repeated = [_between(pair, nothing, acting, AGAIN)] if again else []
    variants = (_between(pair, nothing, acting, BASELINE), *inner, *whole, *repeated)
    return Plan(variants, pair.first.seed, design, orders)


def plan_against(
    checked: Scenario,
    reference: Scenario,
    change: Factor,
    *,
    side: Side | None = None,
    own_side: Side | None = None,
) -> Plan:
    """Plan a scenario with all of its techniques beside what it is held against, with all of its.

    Args:
        checked: What is held against the other.
        reference: The other, which is the baseline of the run.
        change: What makes the first of the second; it names the variant.
        side: Whose code the reference runs.
        own_side: Whose code what is checked runs.
    """
    other = Variant(BASELINE, reference.techniques, settings_changed(checked, reference), (), side)
    own = Variant(change.name, checked.techniques, (), (change,), own_side)
    return Plan((other, own), checked.seed)


def _between(
    pair: Pair, chosen: frozenset[str], acting: tuple[str, ...], name: str | None = None
) -> Variant:
    """Return the first scenario with these differences brought in from the second."""
    on = [difference for difference in pair.differences if difference.name in chosen]
    ends = [
        (difference.on if difference.name in chosen else difference.off)
        for difference in pair.differences
    ]
    only = next(iter(chosen)) if len(chosen) == 1 else None
    return Variant(
        name=name or only or _name(chosen, acting),
        techniques=(*pair.shared, *(end for end in ends if end is not None)),
        changes=tuple(change for difference in on for change in difference.changes),
        factors=tuple(Factor(difference.name, difference.change) for difference in on),
    )


def _design(scenario: Scenario, acting: tuple[str, ...], *, accelerated: bool) -> Design:
    design = scenario.design
    if design == "auto":
        return "factorial" if accelerated and len(acting) <= FACTORIAL_BY_DEFAULT else "alone"
    if design == "factorial" and len(acting) > MOST_FACTORIAL:
        raise UserError(
            f"a factorial of {len(acting)} techniques is {units.whole(2 ** len(acting))} variants; "
            f"{MOST_FACTORIAL} techniques at most",
            where="design",
            hint="sampled estimates the same shares from far fewer",
        )
    return design


def _orders(acting: tuple[str, ...], seed: int) -> tuple[tuple[str, ...], ...]:
    generator = random.Random(seed)
    drawn = (tuple(generator.sample(acting, k=len(acting))) for _ in range(ORDER_PAIRS))
    both = itertools.chain.from_iterable((order, order[::-1]) for order in drawn)
    return tuple(dict.fromkeys(both))


def _sets(
    design: Design, acting: tuple[str, ...], orders: Iterable[tuple[str, ...]]
) -> Iterator[frozenset[str]]:
    """Yield the sets of techniques that a design compares, each once, the smaller first."""
    match design:
        case "alone":
            subsets: Iterable[Iterable[str]] = ()
        case "leave-one-out":
            subsets = itertools.combinations(acting, len(acting) - 1) if acting else ()
        case "factorial":
            sizes = range(2, len(acting))
            subsets = itertools.chain.from_iterable(
                itertools.combinations(acting, n) for n in sizes
            )
        case "sampled":
            subsets = (order[:n] for n in range(2, len(acting)) for order in orders)
    yield from dict.fromkeys(map(frozenset, subsets))


def _name(chosen: frozenset[str], acting: tuple[str, ...]) -> str:
    """Name a set by what is in it, or by what it lacks where that is shorter."""
    inside = [name for name in acting if name in chosen]
    outside = [name for name in acting if name not in chosen]
    return f"{ALL}-{'-'.join(outside)}" if len(outside) < len(inside) else "+".join(inside)
