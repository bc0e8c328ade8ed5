"""A second implementation of the breakdown: slow, simple, from the definitions.

It shares no code with the package. It works on the JSON itself, in exact integers, and sweeps
from one edge to the next with the set of what is active.
"""

import bisect
import gzip
import itertools
import json
import re
import statistics
from decimal import ROUND_HALF_UP, Decimal

OPERATOR = {"cpu_op", "Operator"}
ANNOTATION = {"user_annotation"}
CALL = {"cuda_runtime", "cuda_driver", "Runtime"}
KERNEL = {"kernel", "Kernel"}
MEMCPY = {"gpu_memcpy", "Memcpy"}
MEMSET = {"gpu_memset", "Memset"}
DEVICE = KERNEL | MEMCPY | MEMSET
EVALUATE = "autograd::engine::evaluate_function"
ENGINE = (EVALUATE, "torch::autograd::")
TORCH_PHASES = {
    "enumerate(DataLoader)#": "data_loading",
    "enumerate(DataPipe)#": "data_loading",
    "Optimizer.step#": "optimizer",
    "Optimizer.zero_grad#": "zero_grad",
}
PROGRAM_PHASES = {
    "## forward ##": "forward",
    "Backward 3": "backward",
    "optimizer_step": "optimizer",
    "[pl][profile][LightningModule]GPT.optimizer_zero_grad": "zero_grad",
}
FORWARDS = (
    "nn.Module: ", "DataParallel.forward", "DistributedDataParallel.forward", "[pl][module]",
    "FullyShardedDataParallel.forward",
)  # fmt: skip
BORDERS = ("ProfilerStep#", "Optimizer.", "enumerate(")
TALK = (
    "gloo:", "nccl:", "mpi:", "ucc:", "xccl:", "c10d::", "_c10d_functional::",
    "record_param_comms",
)  # fmt: skip
SYNCHRONISE = {
    "cudaDeviceSynchronize", "cudaStreamSynchronize", "cudaEventSynchronize",
    "hipDeviceSynchronize", "hipMemcpyWithStream", "cudaMemcpy",
}  # fmt: skip


def nanoseconds(value):
    return int((Decimal(value) * 1000).to_integral_value(ROUND_HALF_UP))


class Event:
    def __init__(self, order, fields):
        self.order = order
        self.category = fields.get("cat")
        self.name = str(fields["name"])
        self.thread = (str(fields["pid"]), str(fields["tid"]))
        self.start = nanoseconds(fields["ts"])
        self.end = self.start + nanoseconds(fields.get("dur", 0))
        args = fields.get("args", {})
        self.correlation = args.get("correlation", -1)
        self.sequence = args.get("Sequence number", -1)
        self.in_engine = self.category in OPERATOR and (
            self.name.startswith(ENGINE)
            or (args.get("Fwd thread id", 0) > 0 and self.sequence != -1)
        )

    def holds(self, instant):
        return self.start <= instant < self.end


def load(path):
    text = path.read_bytes()
    if text[:2] == b"\x1f\x8b":
        text = gzip.decompress(text)
    raw = json.loads(text, parse_float=Decimal)["traceEvents"]
    events = [Event(order, one) for order, one in enumerate(raw) if one["ph"] == "X"]
    links = [
        (nanoseconds(one["ts"]), (str(one["pid"]), str(one["tid"])))
        for one in raw
        if one["ph"] == "s" and one["cat"] == "fwdbwd"
    ]
    return events, links


def find_steps(events):
    """Return (name, start, end) of each step and the thread that runs them."""
    host = [e for e in events if e.category in OPERATOR | ANNOTATION]
    found = [e for e in host if re.fullmatch(r"ProfilerStep#\d+", e.name)]
    if found:
        main = found[0].thread
        spans = {(e.start, e.end): e.name for e in found}
        return [(name, *span) for span, name in sorted(spans.items())], main
    timed = [
        e
        for e in events
        if e.category in OPERATOR | ANNOTATION | CALL | DEVICE | {"python_function"}
    ]
    main = next(e.thread for e in events if e.thread[0] == e.thread[1])
    return [("whole trace", min(e.start for e in timed), max(e.end for e in timed))], main


def find_phases(events, links, main):
    """Return (start, end, order, phase) of every range of the main thread."""
    here = [e for e in events if e.thread == main and e.category in OPERATOR | ANNOTATION]
    own = [e for e in here if e.name.startswith("annt_prof::")]
    if own:
        return [(e.start, e.end, e.order, e.name.removeprefix("annt_prof::")) for e in own]
    spread_engine(events, main)
    engine = [e for e in events if e.in_engine]
    hooked = {e.thread for e in engine} - {main}
    ranges = [
        (e.start, e.end, e.order, phase)
        for e in events
        for prefix, phase in TORCH_PHASES.items()
        if e.category in OPERATOR | ANNOTATION
        and e.name.startswith(prefix)
        and (e.thread == main or (e.thread in hooked and phase in ("optimizer", "zero_grad")))
    ]
    operators = [e for e in here if e.category in OPERATOR and not e.in_engine]
    backward = backward_runs(engine, operators)
    ranges += [(start, end, -1, "backward") for start, end in backward]
    if links:
        instants = [instant for instant, thread in links if thread == main]
    else:
        instants = last_starts(operators, {e.sequence for e in engine})
    ranges += [(start, end, -2, "forward") for start, end in passes(instants, backward, operators)]
    borders = [e.start for e in here if e.name.startswith(BORDERS)]
    alone = forwards_alone(instants, backward, operators, borders)
    ranges += [(start, end, -2, "forward") for start, end in alone]
    ranges += [
        (e.start, e.end, -2, "forward")
        for e in events
        if e.thread == main
        and e.name.startswith(FORWARDS)
        and e.category in OPERATOR | ANNOTATION | {"python_function"}
    ]
    seen = {phase for *_, phase in ranges}
    called = [(e, PROGRAM_PHASES[e.name]) for e in here if e.name in PROGRAM_PHASES]
    ranges += [(e.start, e.end, -3, phase) for e, phase in called if phase not in seen]
    return ranges


def spread_engine(events, main):
    """Without evaluations, all operators of a thread that runs backward functions are some."""
    if any(e.category in OPERATOR and e.name.startswith(EVALUATE) for e in events):
        return
    threads = {e.thread for e in events if e.in_engine} - {main}
    for e in events:
        e.in_engine |= e.category in OPERATOR and e.thread in threads


def last_starts(operators, sequences):
    """Return when the last operator with each of these sequence numbers started."""
    last = {}
    for e in operators:
        if e.sequence in sequences - {-1}:
            last[e.sequence] = max(last.get(e.sequence, e.start), e.start)
    return list(last.values())


def inside(instant, runs):
    return any(start <= instant < end for start, end in runs)


def earlier(instant, runs):
    return sum(1 for start, _ in runs if start <= instant)


def forwards_alone(instants, backward, operators, borders):
    """Return the spans of operators that made nodes where no node is gone back to."""
    paired = {earlier(instant, backward) for instant in instants if not inside(instant, backward)}
    outside = [e for e in operators if not inside(e.start, backward)]
    highest = max((e.sequence for e in outside), default=-1)
    made = last_starts(outside, {e.sequence for e in outside} - {highest})
    groups, usual = {}, {}
    for instant in sorted(made):
        number = earlier(instant, backward)
        if number in paired:
            usual[number] = usual.get(number, 0) + 1
        else:
            between = sum(1 for border in borders if border <= instant)
            groups.setdefault((number, between), []).append(instant)
    least = statistics.median(usual.values()) / 2 if usual else 0
    return [span_of(g, backward, operators) for g in groups.values() if len(g) >= least]


def backward_runs(evaluations, operators):
    """Join autograd's evaluations until the main thread starts an operator outside them."""
    runs = []
    for e in sorted(evaluations, key=lambda e: e.start):
        if e.start == e.end:
            continue
        if runs and e.start <= runs[-1][1]:
            runs[-1][1] = max(runs[-1][1], e.end)
        else:
            runs.append([e.start, e.end])
    starts = sorted({o.start for o in operators})
    joined = []
    position = 0
    for start, end in runs:
        # Operators are passed in ascending order, so each is looked at once.
        interrupted = False
        while position < len(starts) and starts[position] < start:
            interrupted |= bool(joined) and starts[position] >= joined[-1][1]
            position += 1
        if joined and not interrupted:
            joined[-1][1] = end
        else:
            joined.append([start, end])
    return [tuple(run) for run in joined]


def passes(instants, backward, operators):
    groups = {}
    for instant in sorted(instants):
        if not inside(instant, backward):
            groups.setdefault(earlier(instant, backward), []).append(instant)
    return [span_of(group, backward, operators) for group in groups.values()]


def span_of(group, backward, operators):
    """Return from where to where the operators at these instants reach."""
    own = [o for o in operators if not any(o.start < start < o.end for start, _ in backward)]
    return outermost(group[0], own)[0], outermost(group[-1], own)[1]


def outermost(instant, operators):
    around = [(o.start, o.end) for o in operators if o.holds(instant)]
    return min(around, key=lambda span: (span[0], -span[1])) if around else (instant, instant)


def launch_of(event, bearing):
    """Return the call with the event's correlation, None if there is none."""
    calls = bearing.get(event.correlation, [])
    before = [e for e in calls if e.start <= event.start]
    if before:
        return max(before, key=lambda e: (e.start, e.order))
    return min(calls, key=lambda e: (e.start, e.order), default=None)


def pageable_wait(copy, bearing):
    """Return the call that made a pageable copy and waited for it, None if there is none."""
    if copy.category not in MEMCPY or "Pageable" not in copy.name:
        return None
    before = [e for e in bearing if e.start <= copy.start]
    if before:
        latest = max(e.start for e in before)
        call = [e for e in before if e.start == latest][-1]
    elif bearing:
        call = min(bearing, key=lambda e: (e.start, e.order))
    else:
        return None
    held_until = copy.start if "HtoD" in copy.name else copy.end
    return call if "Memcpy" in call.name and call.end >= held_until else None


def innermost(ranges, instant):
    around = [r for r in ranges if r[0] <= instant < r[1]]
    return max(around, key=lambda r: (r[0], -r[1], r[2]))[3] if around else None


def break_down(path, taking_up=20_000):
    """Return the steps as (name, start, end, time by category) and the hidden time in all."""
    events, links = load(path)
    steps, main = find_steps(events)
    phases = find_phases(events, links, main)
    on_device = any(e.category in DEVICE for e in events)
    begin, end = min(step[1] for step in steps), max(step[2] for step in steps)
    entries = (
        device_entries(events, phases, main) + idle_entries(events, taking_up, begin, end)
        if on_device
        else host_entries(events)
    )
    entries += [("phase", r[0], r[1], r[2], r[3]) for r in phases]
    choose = choose_on_device if on_device else choose_on_host
    times = [dict.fromkeys(["unattributed"], 0) for _ in steps]
    hidden = {}
    for left, right, active in sweep(entries, [edge for step in steps for edge in step[1:]]):
        category = choose(active)
        for row, (_, start, end) in zip(times, steps, strict=True):
            if start <= left < end:
                row[category] = row.get(category, 0) + right - left
                moving = active.get("move", []) + active.get("talk", [])
                for other in {kind for _, _, _, kind in moving} - {category}:
                    hidden[other] = hidden.get(other, 0) + right - left
    return [(*step, row) for step, row in zip(steps, times, strict=True)], hidden


def sweep(entries, edges):
    """Yield each stretch between neighbouring edges with what is active, by layer."""
    begins, ends = {}, {}
    for entry in entries:
        if entry[1] < entry[2]:
            begins.setdefault(entry[1], []).append(entry)
            ends.setdefault(entry[2], []).append(entry)
    instants = sorted({*begins, *ends, *edges})
    active = {}
    for left, right in itertools.pairwise(instants):
        for layer, *rest in ends.get(left, []):
            active[layer].remove(tuple(rest))
        for layer, *rest in begins.get(left, []):
            active.setdefault(layer, []).append(tuple(rest))
        yield left, right, active


def by_correlation(events):
    bearing = {}
    for e in events:
        if e.category in CALL and e.correlation > 0:
            bearing.setdefault(e.correlation, []).append(e)
    return bearing


def device_entries(events, phases, main):
    # A launch asks for the phase around one instant; asking all ranges is slow but simple.
    autograd = {e.thread for e in events if e.in_engine} | {main}
    bearing = by_correlation(events)
    entries = [
        ("sync", start, end, order, "sync")
        for start, end, order, thread in polls(events)
        if thread in autograd
    ]
    for e in events:
        call = pageable_wait(e, bearing.get(e.correlation, []))
        if call is not None and call.thread in autograd:
            entries.append(("sync", call.start, call.end, call.order, "sync"))
    for e in events:
        if e.category in OPERATOR | ANNOTATION and e.name.startswith(("gloo:", "mpi:")):
            entries.append(("talk", e.start, e.end, e.order, "communication"))
        elif e.category in KERNEL and "nccl" in e.name.lower():
            entries.append(("move", e.start, e.end, e.order, "communication"))
        elif e.category in MEMCPY:
            kind = "h2d_copy" if "HtoD" in e.name else "other_copy"
            entries.append(("move", e.start, e.end, e.order, kind))
        elif e.category in KERNEL | MEMSET:
            launched = launch_of(e, bearing)
            phase = None if launched is None else innermost(phases, launched.start)
            known = phase not in (None, "h2d_copy", "sync")
            kind = phase if known else "unattributed"
            entries.append(("compute", e.start, e.end, e.order, kind))
        elif e.category in CALL and e.name in SYNCHRONISE and e.thread in autograd:
            entries.append(("sync", e.start, e.end, e.order, "sync"))
    return entries


def idle_entries(events, taking_up, begin, end):
    """Return what keeps activities from beginning, for when nothing is busy."""
    activities = sorted((e for e in events if e.category in DEVICE), key=lambda e: e.start)
    bearing = by_correlation(events)
    calls = {e.order: launch_of(e, bearing) for e in activities}
    busy_until, gaps = -(10**30), []
    for e in activities:
        if e.start < e.end and e.start > busy_until:
            gaps.append((busy_until, e.start))
        busy_until = max(busy_until, e.end if e.start < e.end else busy_until)
    entries = []
    starts = [gap[1] for gap in gaps]
    for e in activities:
        call = calls[e.order]
        if call is None:
            continue
        launch = min(call.start, e.start)
        returned = min(max(call.end, launch), e.start)
        # The gap that ends with this activity or holds it, if it takes no time itself.
        place = bisect.bisect_left(starts, e.start)
        before = gaps[place] if place < len(gaps) else (busy_until, e.start)
        idle_since = before[0] if before[0] <= e.start else e.start
        at_once = e.start - returned <= taking_up and (launch >= idle_since or launch == e.start)
        entries.append(("take" if at_once else "queue", returned, e.start, e.order, "idle"))
    for gap in gaps:
        ending = next(e for e in activities if e.start == gap[1])
        if calls[ending.order] is None:
            entries.append(("unknown", max(gap[0], begin), gap[1], 0, "idle"))
    if all(call is None for call in calls.values()):
        entries.append(("no launch", begin, end, 0, "idle"))
    if all(e.category in DEVICE or e.category == "gpu_user_annotation" for e in events):
        entries.append(("unknown", begin, end, 0, "idle"))
    return entries


def polls(events):
    """Return (start, end, order, thread) of loops that asked until the device was done."""
    ends = sorted(e.end for e in events if e.category in DEVICE)
    loops = []
    for thread in sorted({e.thread for e in events if e.name == "cudaEventQuery"}):
        here = [e for e in events if e.thread == thread]
        allocating = [e for e in here if e.category in OPERATOR and e.name.startswith("aten::")]
        asked = [
            e
            for e in here
            if e.category in CALL and e.name == "cudaEventQuery"
            and not any(o.holds(e.start) for o in allocating)
        ]  # fmt: skip
        others = sorted(
            e.start for e in here if e.category in CALL | OPERATOR and e.name != "cudaEventQuery"
        )
        groups = {}
        for e in sorted(asked, key=lambda e: e.start):
            groups.setdefault(sum(start < e.start for start in others), []).append(e)
        for passed, run in groups.items():
            later = [end for end in ends if len(run) > 1 and end > run[-2].start]
            limit = others[passed] if passed < len(others) else run[-1].end
            if not later or later[0] > limit:
                continue
            end = max(run[-1].end, later[0])
            pauses = [b.start - a.end for a, b in itertools.pairwise(run)] + [end - run[-1].end]
            if 2 * max(pauses) <= end - run[0].start:
                loops.append((run[0].start, end, run[0].order, thread))
    return loops


def first(active):
    return min(active, key=lambda entry: (entry[0], entry[2]))[3]


def phase_of(active):
    around = active.get("phase")
    return max(around, key=lambda r: (r[0], -r[1], r[2]))[3] if around else None


def by_nanosecond(path, taking_up):
    """Return what each nanosecond of the steps is while no device is busy (None where one is), and
    what the host does in it."""
    events, links = load(path)
    steps, main = find_steps(events)
    phases = find_phases(events, links, main)
    begin, end = min(step[1] for step in steps), max(step[2] for step in steps)
    entries = device_entries(events, phases, main) + idle_entries(events, taking_up, begin, end)
    entries += [("phase", r[0], r[1], r[2], r[3]) for r in phases]
    entries += [("busy", e.start, e.end, e.order, "busy") for e in events if e.category in DEVICE]
    idle, doing = [None] * (end - begin), ["host_bound"] * (end - begin)
    for left, right, active in sweep(entries, [begin, end]):
        for nanosecond in range(max(left, begin), min(right, end)):
            if not active.get("busy"):
                idle[nanosecond - begin] = choose_on_device(active)
            doing[nanosecond - begin] = choose_for_host(active)
    return idle, doing


def choose_for_host(active):
    phase = phase_of(active)
    if phase in ("data_loading", "sync"):
        return phase
    return "sync" if active.get("sync") else "host_bound"


def choose_on_device(active):
    if active.get("compute"):
        return first(active["compute"])
    moving = active.get("move", [])
    talking = active.get("talk") and phase_of(active) != "data_loading"
    if talking or any(entry[3] == "communication" for entry in moving):
        return "communication"
    if moving:
        return first(moving)
    for layer, category in (
        ("take", "host_bound"), ("queue", "queued"), ("unknown", "unattributed")
    ):  # fmt: skip
        if active.get(layer):
            return category
    doing = choose_for_host(active)
    return "unattributed" if doing == "host_bound" and active.get("no launch") else doing


def host_entries(events):
    entries = []
    for e in events:
        if e.category not in OPERATOR | ANNOTATION:
            continue
        if e.name.startswith(TALK):
            entries.append(("move", e.start, e.end, e.order, "communication"))
        elif e.category in OPERATOR and not e.name.startswith(EVALUATE):
            entries.append(("work", e.start, e.end, e.order, "work"))
    return entries


def choose_on_host(active):
    phase = phase_of(active)
    if active.get("move") and not active.get("work") and phase not in ("data_loading", "sync"):
        return "communication"
    return "unattributed" if phase in (None, "h2d_copy") else phase
