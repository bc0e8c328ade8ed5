"""What of a trace's mean step lies on its critical path, as a run keeps it.

Whoever only reads a run's results needs this type, and should not wait for numpy.
"""

from __future__ import annotations

import msgspec


class OnPath(msgspec.Struct, frozen=True):
    """Nanoseconds per step, means over the trace's steps, without zeros.

    Shortening what is not on the path cannot shorten the steps; shortening what is on it saves at
    most its time there.

    Attributes:
        device_ns: Device activities by category; ``unattributed`` where their launch is not known.
        kernel_ns: The same by kernel class, without copies from the host, which no technique for
            kernels shortens.
        kernel_precision_ns: ``kernel_ns`` of convolutions, products and attention by precision.
        host_ns: The host's work by the phase that it was in, until what it launched begins;
            ``unattributed`` where it was in none.
        launch_ns: What of ``host_ns`` is inside launching calls, by the class of what they launch.
        sync_ns: From the end of what the host waited for until its call returned.
        queued_ns: Before activities that were launched and not begun.
        queued_busy_ns: What of it passes while another stream is busy: the activity may wait for
            that, for its multiprocessors or an event that is not recorded.
        queued_long_ns: What of it passes while no device is busy, beyond the device's own delay of
            up to ``TAKING_UP_NS`` before each activity: it waits for something.
        unknown_ns: Before activities of which the trace does not hold the launch.
        unknown_busy_ns: What of it passes while another stream is busy.
        waits: How often the host waited for the device on the path, over all steps, by the phase
            that it was in; for anything but a copy from the host.
        copies_waited_for: How often it waited for one of these.
    """

    device_ns: dict[str, int]
    kernel_ns: dict[str, int]
    kernel_precision_ns: dict[str, dict[str, int]]
    host_ns: dict[str, int]
    launch_ns: dict[str, int]
    sync_ns: int = 0
    queued_ns: int = 0
    queued_busy_ns: int = 0
    queued_long_ns: int = 0
    unknown_ns: int = 0
    unknown_busy_ns: int = 0
    waits: dict[str, int] = {}
    copies_waited_for: int = 0
