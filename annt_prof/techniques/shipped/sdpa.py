"""The kernel of scaled dot-product attention.

What it does: torch's attention function has several kernels; flash attention and the
memory-efficient one never write the matrix of scores, the plain one (math) does. This asks for one
of them by name.

When it helps: transformers with long sequences, where torch had not chosen that kernel by itself.

When it does nothing: models without attention, models that write their own attention, and where
the kernel is torch's own choice already.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from annt_prof.categories import Category, KernelClass
from annt_prof.mistakes import MistakeKey
from annt_prof.techniques import bounds
from annt_prof.techniques.evidence import Evidence, Prediction
from annt_prof.techniques.technique import Pitfall, Signature, Technique

if TYPE_CHECKING:
    from annt_prof.machine.machine import Machine
    from annt_prof.techniques.observed import Observed
    from annt_prof.techniques.setup import TrainingSetup


@dataclass(frozen=True)
class SdpaOptions:
    """Which kernel."""

    kernel: Literal["flash", "efficient", "cudnn", "math"] = field(
        default="flash", metadata={"description": "On a CPU there are flash and math."}
    )

    def apply(self, setup: TrainingSetup) -> None:
        """Let the passes ask for the kernel."""
        setup.attention = self.kernel


def _obstacle(options: SdpaOptions, machine: Machine) -> str | None:
    kernel = options.kernel
    if machine.device_type == "cpu" and kernel not in ("flash", "math"):
        return f"a CPU has no {kernel} attention"
    return None


def _predict(_options: SdpaOptions, evidence: Evidence) -> Prediction | None:
    """Only attention can move, and only fused kernels of it are told from other work.

    The math kernel shows as matrix products and a softmax, which every model has. Without a device
    its operator is seen as well, but not what is inside; more softmax than attention means that.
    """
    attention_ns = evidence.kernels(KernelClass.ATTENTION)
    softmax_ns = evidence.kernels(KernelClass.REDUCTION)
    if not attention_ns or (evidence.device_type == "cpu" and softmax_ns > attention_ns):
        return None
    return Prediction(
        # Another kernel, math above all, may be slower without a bound that this step tells.
        low_ns=-evidence.passes_ns(),
        high_ns=bounds.within_path(
            evidence, attention_ns, lambda path: path.kernels(KernelClass.ATTENTION)
        ),
        basis="the attention kernels of the baseline",
    )


def _float32_flash(setup: TrainingSetup) -> str | None:
    if setup.attention == "flash" and setup.device.type == "cuda" and setup.autocast is None:
        return (
            "flash attention takes 16-bit inputs only; without amp torch refuses those of float32"
        )
    return None


def _inaction(options: SdpaOptions, observed: Observed) -> str | None:
    if observed.attention is None:
        return None
    if not observed.attention:
        return "the model ran no scaled dot-product attention"
    kernel = options.kernel
    # On a device torch chooses by the precision too, which amp beside this changes.
    if observed.device_type == "cpu" and observed.attention == {kernel}:
        return f"torch chose {kernel} attention by itself"
    return None


TECHNIQUE = Technique(
    name="sdpa",
    summary="the attention kernel by name: flash, efficient, cudnn or math",
    options=SdpaOptions,
    obstacle=_obstacle,
    inaction=_inaction,
    freed_by=frozenset({"amp"}),  # flash kernels take 16 bits only
    predict=_predict,
    signature=Signature(
        falls=(KernelClass.ATTENTION, Category.FORWARD, Category.BACKWARD),
        may_rise=(KernelClass.GEMM,),
        stays_flat=(Category.DATA_LOADING, Category.H2D_COPY, Category.OPTIMIZER),
        bound="it cannot save more than the attention of the baseline takes",
    ),
    mathematics="nothing but the order in which sums are rounded",
    source="Dao, FlashAttention-2, 2023; torch.nn.attention.sdpa_kernel documentation",
    pitfalls=(
        Pitfall.known(
            MistakeKey.FLASH_ATTENTION_ON_FLOAT32,
            why="Its CUDA kernels exist for float16 and bfloat16 only.",
            check=_float32_flash,
        ),
    ),
)
