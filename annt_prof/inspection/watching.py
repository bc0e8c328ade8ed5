"""Watches this process's training, by wrapping the few functions of torch that tell.

Wrappers call what they wrap and change nothing. Nothing is timed but the waits for a loader, so
that watching may be slow.
"""

from __future__ import annotations

import os

from annt_prof.inspection.accumulating import Accumulating
from annt_prof.inspection.compiling import Compiling
from annt_prof.inspection.copying import Copying
from annt_prof.inspection.loading import Loading
from annt_prof.inspection.loop import Loop
from annt_prof.inspection.reading import Reading
from annt_prof.inspection.scaling import Scaling
from annt_prof.inspection.seen import Seen
from annt_prof.inspection.settings import Settings


class Watch:
    """Watches this process from ``install`` on; there is no way back, the process is ours."""

    def __init__(self) -> None:
        self._loop = Loop()
        self._settings = Settings(self._loop)
        self._reading = Reading(self._loop)
        self._copying = Copying(self._loop)
        self._scaling = Scaling(self._loop)
        self._loading = Loading(self._loop)
        self._accumulating = Accumulating(self._loop, self._loading)
        self._compiling = Compiling(self._loop)

    def install(self) -> None:
        """Wrap what tells."""
        self._loop.install()
        self._settings.install()
        self._reading.install()
        self._copying.install()
        self._scaling.install()
        self._loading.install()
        self._accumulating.install()
        self._compiling.install()

    def finish(self, stopped: str | None) -> Seen:
        """Return what was seen.

        Args:
            stopped: The exception that ended the script, and where; None for a proper end.
        """
        settings, copying, scaling = self._settings, self._copying, self._scaling
        return Seen(
            iterations=self._loop.iterations,
            on_device=self._loop.on_device,
            stopped=stopped,
            iterations_reading=self._reading.seen.iterations,
            iterations_emptying=settings.emptying.iterations,
            iterations_in_autocast=settings.autocast.iterations,
            iterations_with_mixed_layouts=settings.mixed_layouts.iterations,
            iterations_deterministic=settings.deterministic.iterations,
            iterations_cudnn_deterministic=settings.cudnn_deterministic.iterations,
            iterations_with_anomaly_detection=settings.anomaly.iterations,
            iterations_copying_pageable=copying.pageable.iterations,
            iterations_copying_in_forward={
                name: recurrence.iterations for name, recurrence in copying.in_forward.items()
            },
            waiting_scaler_steps=scaling.waiting_steps,
            steps_before_scaler_update=scaling.steps_before_update,
            absent_device_scaler_steps=scaling.absent_device_steps,
            absent_device_autocasts=settings.absent_device_autocasts,
            steps_clipped_while_scaled=scaling.clipped_while_scaled,
            batch_norm_batches_per_update=self._accumulating.batches_per_update(),
            loaders=self._loading.loaders(),
            training_s=self._loading.training_s(),
            cores=len(os.sched_getaffinity(0)),
            compiling=self._compiling.seen(),
        )
