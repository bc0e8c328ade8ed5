"""Write a large synthetic Kineto trace, to see how time and memory grow with its size.

    python benchmarks/generate_trace.py big.json --events 5000000

Steps of 2,000 operators, each with a launch, a kernel and a flow, as Kineto spells them: about
220 bytes an entry. The file is streamed, so the generator itself needs no memory.
"""

import argparse
from pathlib import Path

OPERATORS_PER_STEP = 2_000
NS_PER_OPERATOR = 10_000
EVENTS_PER_OPERATOR = 4
NAMES = [
    "void at::native::vectorized_elementwise_kernel<4, at::native::CUDAFunctor_add<float>>(int)",
    "volta_sgemm_128x64_nn",
    "ncclKernel_AllReduce_RING_LL_Sum_float(ncclWorkElem)",
    "void cudnn::bn_bw_1C11_kernel_new<float, float, float2, 128, true, 1>(float)",
]


def microseconds(nanoseconds: int) -> str:
    """Write nanoseconds as Kineto writes times."""
    return f"{nanoseconds // 1000}.{nanoseconds % 1000:03d}"


def operator(number: int) -> str:
    """Return one operator with its launch, its kernel and the flow between them."""
    at = 1_000_000_000_000 + number * NS_PER_OPERATOR
    name = NAMES[number % len(NAMES)]
    return (
        f'{{"ph": "X", "cat": "cpu_op", "name": "aten::op{number % 97}", "pid": 1, "tid": 1, '
        f'"ts": {microseconds(at)}, "dur": 8.000, "args": {{"External id": {number + 1}, '
        f'"Ev Idx": {number}}}}},\n'
        f'{{"ph": "X", "cat": "cuda_runtime", "name": "cudaLaunchKernel", "pid": 1, "tid": 1, '
        f'"ts": {microseconds(at + 2000)}, "dur": 3.250, "args": {{"External id": {number + 1}, '
        f'"cbid": 211, "correlation": {number + 1}}}}},\n'
        f'{{"ph": "s", "id": {number + 1}, "pid": 1, "tid": 1, "ts": {microseconds(at + 2000)}, '
        f'"cat": "ac2g", "name": "ac2g"}},\n'
        f'{{"ph": "X", "cat": "kernel", "name": "{name}", "pid": 0, "tid": 7, '
        f'"ts": {microseconds(at + 6000)}, "dur": 7.125, "args": {{"External id": {number + 1}, '
        f'"queued": 0, "device": 0, "context": 1, "stream": 7, "correlation": {number + 1}, '
        f'"registers per thread": 32, "shared memory": 0, "grid": [80, 1, 1], '
        f'"block": [128, 1, 1], "est. achieved occupancy %": 50}}}},\n'
    )


def step(number: int) -> str:
    """Return the range of one step."""
    at = 1_000_000_000_000 + number * OPERATORS_PER_STEP * NS_PER_OPERATOR
    length = OPERATORS_PER_STEP * NS_PER_OPERATOR
    return (
        f'{{"ph": "X", "cat": "user_annotation", "name": "ProfilerStep#{number}", "pid": 1, '
        f'"tid": 1, "ts": {microseconds(at)}, "dur": {microseconds(length)}, "args": {{}}}},\n'
    )


def main() -> None:
    """Write the file."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("path", type=Path)
    parser.add_argument("--events", type=int, default=5_000_000)
    arguments = parser.parse_args()
    steps = -(-arguments.events // (OPERATORS_PER_STEP * EVENTS_PER_OPERATOR))
    with arguments.path.open("w") as file:
        file.write('{"schemaVersion": 1, "traceEvents": [\n')
        for number in range(steps):
            file.write(step(number))
            first = number * OPERATORS_PER_STEP
            file.writelines(operator(first + each) for each in range(OPERATORS_PER_STEP))
        file.write('{"ph": "M", "name": "process_name", "pid": 1, "tid": 0, "ts": 0}\n]}\n')


if __name__ == "__main__":
    main()
