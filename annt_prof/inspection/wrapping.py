"""Puts a note before or after a function of torch; what the function does stays the same."""

from __future__ import annotations

import functools
import sys
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable


def wrap(
    owner: Any,  # noqa: ANN401
    name: str,
    *,
    before: Callable[..., object] | None = None,
    after: Callable[..., object] | None = None,
) -> None:
    """Replace ``owner.name`` by a wrapper that calls the notes and the original.

    Nothing is noted while torch compiles: a note is no part of the user's program.

    Args:
        owner: A module or a class.
        name: An attribute of it, a callable.
        before: Gets the arguments before the call, whether or not the call raises.
        after: Gets the result and the arguments, unless the call raised.
    """
    import torch

    original = getattr(owner, name)

    @functools.wraps(original)
    def wrapper(*arguments: Any, **keywords: Any) -> Any:  # noqa: ANN401
        if torch.compiler.is_compiling():
            return original(*arguments, **keywords)
        if before is not None:
            before(*arguments, **keywords)
        result = original(*arguments, **keywords)
        if after is not None:
            after(result, *arguments, **keywords)
        return result

    setattr(owner, name, wrapper)
    _keep_scriptable(original, wrapper)


def replace_everywhere(original: object, replacement: object) -> None:
    """Put a replacement where any module imported so far holds the original by a name of its own.

    ``from torch.nn.utils import clip_grad_norm_`` leaves such a name behind.
    """
    for module in tuple(sys.modules.values()):
        held = getattr(module, "__dict__", {})
        for name in [name for name, value in tuple(held.items()) if value is original]:
            setattr(module, name, replacement)


def _keep_scriptable(original: object, wrapper: object) -> None:
    """Let torch.jit.script know a wrapper by the operator of what it wraps; it reads no other."""
    import torch

    builtins: Any = torch.jit._builtins
    operator = builtins._find_builtin(original)
    if operator is not None:
        builtins._register_builtin(wrapper, operator)
