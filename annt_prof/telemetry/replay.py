"""An NVML that replays a script, so that nothing here needs a GPU to be tested."""

from __future__ import annotations

from collections import Counter
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence


class ReplayNvml:
    """Answers like ``pynvml`` for its devices, whose handles are their indices.

    Args:
        script: By function name, what successive calls return; the last answer repeats. An
            exception among them is raised. A function that is not listed is not supported.
        fields: Value by NVML field id, for ``nvmlDeviceGetFieldValues``; a sequence replays.
        names: Of the devices.

    Attributes:
        calls: How often each function was called.
    """

    def __init__(
        self,
        script: Mapping[str, Sequence[object]],
        fields: Mapping[int, Sequence[int]] | None = None,
        names: Sequence[str] = ("Replayed GPU",),
    ) -> None:
        import pynvml  # type: ignore[import-untyped]

        self._pynvml = pynvml
        self._script = script
        self._fields = fields or {}
        self._names = names
        self.calls: Counter[str] = Counter()

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - whatever the module would hold
        constant = getattr(self._pynvml, name)
        return self._replay(name) if name.startswith("nvmlDeviceGet") else constant

    def nvmlDeviceGetCount(self) -> int:  # noqa: N802
        """Return the number of devices."""
        return len(self._names)

    def nvmlDeviceGetHandleByIndex(self, index: int) -> int:  # noqa: N802
        """Return the handle of a device."""
        if index >= len(self._names):
            raise self._pynvml.NVMLError(self._pynvml.NVML_ERROR_INVALID_ARGUMENT)
        return index

    def nvmlDeviceGetName(self, handle: int) -> str:  # noqa: N802
        """Return a device's name."""
        return self._names[handle]

    def nvmlDeviceGetUUID(self, handle: int) -> str:  # noqa: N802
        """Return a device's UUID, ``GPU-<index>000``."""
        return f"GPU-{handle}000"

    def nvmlDeviceGetFieldValues(self, _handle: int, ids: Sequence[int]) -> list[Any]:  # noqa: N802
        """Return the value, or the refusal, of each field."""
        self.calls["nvmlDeviceGetFieldValues"] += 1
        return [self._field(identifier) for identifier in ids]

    def _field(self, identifier: int) -> SimpleNamespace:
        self.calls[f"field {identifier}"] += 1
        values = self._fields.get(identifier)
        if values is None:
            return SimpleNamespace(nvmlReturn=self._pynvml.NVML_ERROR_NOT_SUPPORTED)
        value = values[min(self.calls[f"field {identifier}"], len(values)) - 1]
        union = SimpleNamespace(ullVal=value, uiVal=value % (1 << 32))
        kind = self._pynvml.NVML_VALUE_TYPE_UNSIGNED_LONG_LONG
        return SimpleNamespace(nvmlReturn=0, valueType=kind, value=union)

    def _replay(self, name: str) -> Callable[..., object]:
        def answer(*_arguments: object, **_options: object) -> object:
            self.calls[name] += 1
            answers = self._script.get(name)
            if answers is None:
                raise self._pynvml.NVMLError(self._pynvml.NVML_ERROR_NOT_SUPPORTED)
            given = answers[min(self.calls[name], len(answers)) - 1]
            if isinstance(given, Exception):
                raise given
            return given

        return answer
