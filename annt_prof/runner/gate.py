"""What a check asks of a run beside its windows: which variants, and when they tell enough."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from annt_prof.errors import UserError, suggestion
from annt_prof.plan import ALL, BASELINE
from annt_prof.scenario.effective import DEFAULT, EffectiveValue
from annt_prof.scenario.pair import Change, changed
from annt_prof.text import printable

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from annt_prof.plan import Factor, Side
    from annt_prof.runs.record import Run
    from annt_prof.scenario.loading import Resolved, ScenarioDocument
    from annt_prof.scenario.schema import Scenario


@dataclass(frozen=True)
class Gate:
    """How a run is measured for a check.

    Attributes:
        variants: Those that are named beside the baseline and the scenario as it is written, each
            with the place that names it; others are not measured.
        decides: Given the run so far and how many launches are done: why no more of them are
            needed; None where they are. Asked once after each launch.
        to_be_explained: Given the run once it is measured and how many launches it had: whether
            something grew of which traces of further launches are to tell where.
        traces_each: Whether each launch is traced at its end, so that what traces tell has an
            interval too.
        compiles_anew: Whether each launch compiles what is compiled, so that its time has an
            interval too.
    """

    variants: Mapping[str, str]
    decides: Callable[[Run, int], str | None]
    to_be_explained: Callable[[Run, int], bool] = lambda _run, _launches: False
    traces_each: bool = False
    compiles_anew: bool = False


def refuse_unknown(named: Mapping[str, str], names: Sequence[str]) -> None:
    """Make sure that what a check names is there.

    Args:
        named: Variants, each with the place that names it.
        names: Those that there are.

    Raises:
        UserError: One is not among them.
    """
    for name, place in named.items():
        if name not in names:
            message = f'the scenario has no variant "{printable(name)}"; {suggestion(name, names)}'
            raise UserError(message, where=place)


def refuse_impossible(named: Mapping[str, str], *scenarios: Scenario, has: Sequence[str]) -> None:
    """Make sure that a check names nothing that no run of any of these scenarios could have.

    Which sets of techniques there are depends on the machine, so that any of a scenario's is let
    through.

    Args:
        named: Variants, each with the place that names it.
        scenarios: Of this machine, or of machines of either kind.
        has: Further names.

    Raises:
        UserError: It does.
    """
    mixes = [tuple(chosen.name for chosen in each.techniques) for each in scenarios]
    known = tuple(dict.fromkeys((BASELINE, *(n for mix in mixes for n in mix), ALL, *has)))
    sets = {n for n in named if any(_parts_of_a_set(n) <= set(mix) for mix in mixes)}
    refuse_unknown({n: place for n, place in named.items() if n not in sets}, known)


def _parts_of_a_set(name: str) -> set[str]:
    """Return the techniques that a set's name is made of, as ``plan`` makes it."""
    lacks = name.removeprefix(f"{ALL}-")
    return set(lacks.split("-") if lacks != name else name.split("+"))


MOST_LAUNCHES = 28
"""Of a check; time budgets mostly end one before."""

_LAUNCHES = 14
"""That the time budget of a check is laid out for: a figure near its limit needs them, and rounds
within a launch only average what varies from one moment to the next."""

_WINDOW = "window."
_MIN_LAUNCHES, _ROUNDS = f"{_WINDOW}min_launches", f"{_WINDOW}rounds"


def laid_out(resolved: Resolved) -> Resolved:
    """Return a scenario whose budgets are spread over as many launches as a check may need.

    The time budget stays as it is, and so do rounds where somebody chose how many.
    """
    window = resolved.scenario.window
    origins = {value.path: value.origin for value in resolved.values}
    wanted = {_MIN_LAUNCHES: max(window.min_launches, _LAUNCHES)}
    if origins.get(_ROUNDS) == DEFAULT:
        wanted[_ROUNDS] = max(window.rounds, MOST_LAUNCHES * window.rounds_per_launch)
    now = {_MIN_LAUNCHES: window.min_launches, _ROUNDS: window.rounds}
    wanted = {path: value for path, value in wanted.items() if value != now[path]}
    if not wanted:
        return resolved
    values = tuple(
        EffectiveValue(value.path, wanted[value.path], "check") if value.path in wanted else value
        for value in resolved.values
    )
    changes = [Change("window", path.removeprefix(_WINDOW), n) for path, n in wanted.items()]
    return replace(resolved, scenario=changed(resolved.scenario, tuple(changes)), values=values)


@dataclass(frozen=True)
class Reference:
    """What a scenario is held against in the same run, launch by launch.

    Attributes:
        document: Its scenario.
        change: What makes the scenario of it; the name is that of the variant.
        called: What it is by itself, for people.
        side: Whose code the reference runs.
        own_side: Whose code the scenario itself runs.
        commit: That a worktree of it was made of, abbreviated; None without one.
    """

    document: ScenarioDocument
    change: Factor
    called: str
    side: Side | None = None
    own_side: Side | None = None
    commit: str | None = None
