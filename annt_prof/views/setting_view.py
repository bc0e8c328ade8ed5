"""What a run measured, and on what."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from annt_prof.machine.environment import Environment
from annt_prof.scenario.effective import Replaced

if TYPE_CHECKING:
    from annt_prof.runs.record import Run

_KEY_PACKAGES = ("python", "torch")


class ModelFacts(msgspec.Struct, frozen=True):
    """The model.

    Attributes:
        name: With where it comes from before it.
        pretrained: Whether the scenario asks for pretrained weights.
        replaced: Whether something else was used for its weights.
    """

    name: str
    pretrained: bool
    replaced: bool


class DataFacts(msgspec.Struct, frozen=True):
    """The data set, with what the scenario says of it; None where it says nothing.

    Attributes:
        image_size_px: Of a side.
        batch_size: Samples of an iteration.
        workers: Loader processes.
        replaced: Whether something else was used for it.
    """

    name: str
    image_size_px: int | None
    batch_size: int | None
    workers: int | None
    replaced: bool


class SettingView(msgspec.Struct, frozen=True, kw_only=True):
    """What was measured on what.

    Attributes:
        model: None where the scenario names none.
        data: None where the scenario names none.
        environment: The machine and its software.
        one_of_devices: Devices of the machine, of which the run used one; None where there are
            not several.
        host_cpu: None where the CPU is the device itself.
        key_packages: Versions that a reader looks for first, by name.
        created: When the run began, ISO 8601, UTC.
        reference: What the run's baseline is, where that is no variant of the scenario; None of
            other runs.
    """

    model: ModelFacts | None
    data: DataFacts | None
    environment: Environment
    one_of_devices: int | None
    host_cpu: str | None
    key_packages: dict[str, str]
    created: str
    reference: str | None


def build_setting_view(run: Run) -> SettingView:
    """Return what a run measured on what."""
    values = {value.path: value.value for value in run.scenario}
    replaced = {(substitution.replaced, substitution.name) for substitution in run.substitutions}
    where = run.environment
    return SettingView(
        model=_model(values, replaced=(Replaced.WEIGHTS, values.get("model.name")) in replaced),
        data=_data(values, replaced=(Replaced.DATA, values.get("dataset.name")) in replaced),
        environment=where,
        one_of_devices=where.num_devices if where.num_devices > 1 else None,
        host_cpu=None if where.device_type == "cpu" else where.cpu_name,
        key_packages={
            name: where.packages[name] for name in _KEY_PACKAGES if name in where.packages
        },
        created=run.created,
        reference=run.reference,
    )


def _model(values: dict[str, Any], *, replaced: bool) -> ModelFacts | None:
    named = [values[path] for path in ("model.source", "model.name") if path in values]
    if not named:
        return None
    return ModelFacts(" ".join(map(str, named)), bool(values.get("model.pretrained")), replaced)


def _data(values: dict[str, Any], *, replaced: bool) -> DataFacts | None:
    if "dataset.name" not in values:
        return None
    return DataFacts(
        name=str(values["dataset.name"]),
        image_size_px=values.get("dataset.image_size"),
        batch_size=values.get("dataset.batch_size"),
        workers=values.get("dataset.workers"),
        replaced=replaced,
    )
