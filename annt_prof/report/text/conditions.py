"""The first screen: what was measured, on what, and what is not as the scenario asks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rich.console import Group
from rich.text import Text

from annt_prof import units
from annt_prof.report.text.lines import bullets, heading, labelled, plain
from annt_prof.runs.conditions import not_as_asked
from annt_prof.scenario.effective import Replaced

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from rich.console import RenderableType

    from annt_prof.machine.environment import Environment
    from annt_prof.runs.record import Run


def conditions(run: Run) -> RenderableType:
    """Return the head of the answer."""
    parts: list[RenderableType] = [heading(run.scenario_name, run.run_id)]
    if not run.complete:
        parts.append(plain(f"INCOMPLETE: {run.stop}", "bold red"))
    parts.append(labelled(_facts(run)))
    differences = list(not_as_asked(run))
    parts.append(Text())
    if differences:
        parts.append(plain("Not as the scenario asks", "bold yellow"))
        parts.append(bullets("!", differences))
    else:
        parts.append(plain("As the scenario asks: nothing was substituted or left out."))
    remarks = list(_remarks(run))
    if remarks:
        parts.append(plain("To know before reading on", "bold"))
        parts.append(bullets("-", remarks))
    return Group(*parts)


def _values(run: Run) -> dict[str, Any]:
    return {value.path: value.value for value in run.scenario}


def _facts(run: Run) -> Iterator[tuple[str, str]]:
    values = _values(run)
    model = _joined(values, "model.source", "model.name")
    if model:
        weights = "pretrained" if values.get("model.pretrained") else "from scratch"
        replaced = _mark(run, Replaced.WEIGHTS)
        yield "model", f"{model}, {weights}{replaced}"
    data = _joined(values, "dataset.name")
    if data:
        yield "data", ", ".join([data + _mark(run, Replaced.DATA), *_data_details(values)])
    environment = run.environment
    yield "device", f"{environment.device_type}: {environment.device_name}{_several(environment)}"
    yield "host", _host(environment)
    yield "measured", run.created.replace("T", " ").replace("+00:00", " UTC")


def _mark(run: Run, part: Replaced) -> str:
    """Return a mark for a part that the scenario names and the run did not use."""
    replaced = any(substitution.replaced is part for substitution in run.substitutions)
    return " (replaced: see below)" if replaced else ""


def _joined(values: dict[str, Any], *paths: str) -> str:
    return " ".join(str(values[path]) for path in paths if path in values)


def _data_details(values: dict[str, Any]) -> Iterator[str]:
    if "dataset.image_size" in values:
        yield f"{values['dataset.image_size']} px"
    if "dataset.batch_size" in values:
        yield f"batch {values['dataset.batch_size']}"
    if "dataset.workers" in values:
        yield units.count(values["dataset.workers"], "loader process", "loader processes")


def _several(environment: Environment) -> str:
    return f" (1 of {environment.num_devices})" if environment.num_devices > 1 else ""


def _host(environment: Environment) -> str:
    packages = environment.packages
    known = [f"{name} {packages[name]}" for name in ("python", "torch") if name in packages]
    driver = [f"driver {environment.driver}"] if environment.driver else []
    return ", ".join(
        [
            *([environment.cpu_name] if environment.device_type != "cpu" else []),
            units.count(environment.num_cores, "core"),
            units.count(environment.threads, "torch thread"),
            units.memory(environment.memory_bytes),
            *driver,
            *known,
        ]
    )


def _remarks(run: Run) -> Iterator[str]:
    """Yield the run's own remarks, then those of variants, each once with whom it is about."""
    yield from run.remarks
    said_of: dict[str, list[str]] = {}
    for variant in run.variants:
        for remark in variant.remarks:
            said_of.setdefault(remark.sentence, []).append(variant.name)
    for sentence, names in said_of.items():
        yield f"{_names(names, len(run.variants))}: {sentence}"


def _names(names: Iterable[str], of: int) -> str:
    listed = list(names)
    return "every variant" if len(listed) == of and of > 1 else ", ".join(listed)
