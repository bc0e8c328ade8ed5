"""What every model source returns, and the errors they share."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from annt_prof.errors import UserError
from annt_prof.scenario.effective import Replaced, Substitution

if TYPE_CHECKING:
    from pathlib import Path

    import torch

    from annt_prof.scenario.schema import ModelChoice


@dataclass(frozen=True)
class MadeModel:
    """A classifier, and what had to be replaced to make it."""

    model: torch.nn.Module
    substitutions: tuple[Substitution, ...] = ()


def random_weights(choice: ModelChoice, place: Path) -> Substitution:
    """Say that pretrained weights were wanted and are not in the cache.

    Args:
        choice: Whose weights.
        place: Where they were looked for.
    """
    return Substitution(
        wanted=f"pretrained weights of {choice.name} ({choice.source})",
        used=f"random weights of the same architecture: none in {place}",
        consequence="step times hold, accuracy does not; annt-prof fetch downloads the weights",
        replaced=Replaced.WEIGHTS,
        name=choice.name,
    )


def refused(choice: ModelChoice, error: Exception) -> UserError:
    """An error for a factory that rejects the scenario's arguments."""
    return UserError(
        f"{choice.source} cannot build {choice.name} from these arguments and this "
        f"dataset.image_size: {error}",
        where="model.arguments",
    )


def without_weights(choice: ModelChoice) -> UserError:
    """An error for a model whose library publishes no weights."""
    return UserError(
        f"{choice.source} has no pretrained weights of {choice.name}",
        where="model.pretrained",
        hint="set it to false",
    )


def check_stem(choice: ModelChoice) -> None:
    """Refuse the small stem where this source does not build it.

    Raises:
        UserError: It is asked for.
    """
    if choice.stem == "cifar":
        raise UserError(
            f"stem: cifar is for torchvision's ResNets, not for source {choice.source}",
            where="model.stem",
        )
