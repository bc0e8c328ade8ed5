"""What a run measured, on what, and what is not as its scenario asks, in words."""

from __future__ import annotations

from typing import TYPE_CHECKING

from annt_prof import units

if TYPE_CHECKING:
    from collections.abc import Iterator

    from annt_prof.views.caveats_view import RemarkRow
    from annt_prof.views.setting_view import DataFacts, ModelFacts, SettingView


def facts(setting: SettingView, where: str = "see below") -> Iterator[tuple[str, str]]:
    """Yield a label and what is to be known of it.

    Args:
        setting: Of a run.
        where: The page tells by what something was replaced.
    """
    if setting.model is not None:
        yield "model", _model(setting.model, where)
    if setting.data is not None:
        yield "data", ", ".join(_data(setting.data, where))
    environment = setting.environment
    several = "" if setting.one_of_devices is None else f" (1 of {setting.one_of_devices})"
    yield "device", f"{environment.device_type}: {environment.device_name}{several}"
    yield "host", ", ".join(_host(setting))
    yield "measured", setting.created.replace("T", " ").replace("+00:00", " UTC")
    if setting.reference is not None:
        yield "baseline is", setting.reference


def _model(model: ModelFacts, where: str) -> str:
    weights = "pretrained" if model.pretrained else "from scratch"
    return f"{model.name}, {weights}{f' (replaced: {where})' if model.replaced else ''}"


def _data(data: DataFacts, where: str) -> Iterator[str]:
    yield f"{data.name}{f' (replaced: {where})' if data.replaced else ''}"
    if data.image_size_px is not None:
        yield f"{data.image_size_px} px"
    if data.batch_size is not None:
        yield f"batch {data.batch_size}"
    if data.workers is not None:
        yield units.count(data.workers, "loader process", "loader processes")


def _host(setting: SettingView) -> Iterator[str]:
    environment = setting.environment
    if setting.host_cpu is not None:
        yield setting.host_cpu
    yield units.count(environment.num_cores, "core")
    yield units.count(environment.threads, "torch thread")
    yield units.memory(environment.memory_bytes)
    if environment.driver:
        yield f"driver {environment.driver}"
    for name, version in setting.key_packages.items():
        yield f"{name} {version}"


def remark(row: RemarkRow) -> str:
    """Say a remark, with whom it is about."""
    if not row.variants:
        return row.text
    return f"{'every variant' if row.of_every else ', '.join(row.variants)}: {row.text}"
