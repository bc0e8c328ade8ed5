"""Models by source; each source's library is imported only when a scenario names it."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, cast

from annt_prof.errors import UserError
from annt_prof.workload.libraries import importing

if TYPE_CHECKING:
    from collections.abc import Callable

    from annt_prof.scenario.schema import ModelChoice
    from annt_prof.workload.models.made import MadeModel

__all__ = ["make_model"]


def make_model(choice: ModelChoice, num_classes: int, image_size: int) -> MadeModel:
    """Build a classifier that maps images, shape (batch, 3, image_size, image_size), to logits.

    Raises:
        UserError: The name is unknown, its library is broken, or an argument is refused.
    """
    for argument in ("weights", "pretrained"):
        # Through these a library would download, and a run never touches the network.
        if choice.source != "python" and argument in choice.arguments:
            raise UserError(
                f"{argument} is no argument here",
                where=f"model.arguments.{argument}",
                hint="set model.pretrained to true for the library's default weights",
            )
    with importing(choice.source):
        source = importlib.import_module(f"annt_prof.workload.models.from_{choice.source}")
    make = cast("Callable[[ModelChoice, int, int], MadeModel]", source.make)
    return make(choice, num_classes, image_size)
