"""Channels-last layout of images and convolution weights.

What it does: tensors of shape (batch, channels, height, width) keep their channels next to each
other in memory, which is the layout that tensor cores and many CPU kernels compute in, so that no
transposes are needed around convolutions.

When it helps: convolutional networks, above all in mixed precision.

When it does nothing: models without convolutions, such as a ViT, or where an operator without a
channels-last kernel makes the layout change back and forth.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from annt_prof.categories import Category, KernelClass
from annt_prof.mistakes import MistakeKey
from annt_prof.techniques import bounds
from annt_prof.techniques.evidence import Baseline, Evidence, Prediction
from annt_prof.techniques.technique import Pitfall, Signature, Technique

if TYPE_CHECKING:
    from annt_prof.techniques.observed import Observed
    from annt_prof.techniques.setup import TrainingSetup


_IMAGE_DIMENSIONS = 4  # batch, channels, height, width


@dataclass(frozen=True)
class ChannelsLastOptions:
    """Whether model and inputs are laid out so: both, or each convolution would convert."""

    inputs: bool = field(
        default=True, metadata={"description": "Lay out model and input batches channels last."}
    )

    def apply(self, setup: TrainingSetup) -> None:
        """Let the loop convert the model once and each batch."""
        setup.channels_last = self.inputs


def _redundant(options: ChannelsLastOptions, _baseline: Baseline) -> bool:
    """The baseline is laid out as torch does by default."""
    return not options.inputs


def _predict(_options: ChannelsLastOptions, evidence: Evidence) -> Prediction | None:
    """Convolutions and the copies around them, or all passes where nothing tells them apart."""
    if not evidence.passes_known():
        return None
    passes_ns = evidence.passes_ns()
    return Prediction(
        low_ns=-round(passes_ns / 4),
        high_ns=bounds.convolutions_ns(evidence) if evidence.kernel_ns else passes_ns,
        basis=bounds.convolutions(evidence),
    )


def _without_convolutions(setup: TrainingSetup) -> str | None:
    import torch

    # A single one is the patch embedding of a vision transformer.
    convolutions = sum(isinstance(m, torch.nn.Conv2d) for m in setup.model.modules())
    if setup.channels_last and convolutions <= 1:
        return f"the model has {convolutions} two-dimensional convolutions to gain from it"
    return None


def _inaction(_options: ChannelsLastOptions, observed: Observed) -> str | None:
    if _IMAGE_DIMENSIONS in observed.dimensions:
        return None
    return "neither the batches nor the weights have the four dimensions that it lays out"


TECHNIQUE = Technique(
    name="channels_last",
    summary="channels-last memory layout of images and convolutions",
    options=ChannelsLastOptions,
    inaction=_inaction,
    predict=_predict,
    redundant=_redundant,
    signature=Signature(
        falls=(KernelClass.CONV, KernelClass.MEMORY),
        may_rise=(KernelClass.NORM,),
        stays_flat=(Category.DATA_LOADING, Category.H2D_COPY, Category.OPTIMIZER),
        bound="it cannot save more than the convolutions and the transposes around them take",
    ),
    mathematics="nothing but the order in which sums are rounded",
    source="PyTorch tutorial: Channels Last Memory Format in PyTorch",
    pitfalls=(
        Pitfall.known(
            MistakeKey.CHANNELS_LAST_WITHOUT_CONVOLUTIONS,
            why="The layout only matters to operators that know it; a ViT has one convolution.",
            check=_without_convolutions,
        ),
    ),
)
