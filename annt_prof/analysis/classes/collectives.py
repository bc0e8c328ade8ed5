"""Kernels that exchange data with other devices, whatever library they are of."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from annt_prof.analysis.classes.function_name import FunctionName

# Names of kernels: NCCL, RCCL, MSCCL(++), oneCCL, NVSHMEM; the all-reduces of vLLM, SGLang, aiter
# and TensorRT-LLM; NVLink SHARP (multimem) and the signals of PyTorch's symmetric memory;
# Transformer Engine's user buffers; the all-to-all of TensorRT-LLM and FlashInfer (moeA2A),
# pplx-kernels (a2a_) and MORI (EpDispatch, EpCombine).
_WORDS = (
    "nccl", "rccl", "nvshmem", "msccl", "oneccl", "cross_device_reduce", "all_reduce", "allreduce",
    "all_gather", "allgather", "reduce_scatter", "reducescatter", "all_to_all", "alltoall",
    "multimem_", "userbuffers", "send_recv", "sendrecv", "moea2a", "stream_write_value",
    "put_signal", "wait_signal",
)  # fmt: skip
_OWN = re.compile(r"(?<![a-z0-9])a2a_|(?<![a-z])ep_?(?:dispatch|combine)|^barrier_kernel$")
# Where all that runs is an exchange or its preparation. A dispatch or a combine elsewhere is
# none: attention combines what its splits found.
# Source: DeepEP's csrc/kernels (internode, internode_ll, intranode; forks keep the names), uccl,
# MORI, pplx-kernels, MSCCL++.
_SCOPES = frozenset(
    {
        "deep_ep", "hybrid_ep", "internode", "internode_ll", "intranode", "mori", "mscclpp",
        "nvshmem", "pplx", "uccl", "moe_alltoall",
    }
)  # fmt: skip


def communicates(function: FunctionName) -> bool:
    """Tell whether a kernel exchanges data with other devices or prepares and closes that."""
    own = function.own.lower()
    for word in _WORDS:
        if word in own:
            return True
    return not _SCOPES.isdisjoint(function.scopes) or bool(_OWN.search(own))
