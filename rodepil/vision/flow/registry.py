"""Methods of flow by name: a function enters itself with a decorator.

Every module beside this one is looked through when a method is asked for that is not known yet,
so that a new method is one file, and its name in `FlowSettings`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from torch import Tensor

from rodepil.config.flow import FlowSettings
from rodepil.io.plugins import import_beside


class FlowMethod(Protocol):
    """Computes dense flow."""

    def __call__(self, before: Tensor, after: Tensor, settings: FlowSettings) -> Tensor:
        """Return the flow (N, 2, H, W) between images (N, H, W), finite in [0, 255]; float32."""


_METHODS: dict[str, FlowMethod] = {}


def register(name: str) -> Callable[[FlowMethod], FlowMethod]:
    """Enter the decorated function under `name`.

    Raises
    ------
    ValueError
        Another function has that name.
    """

    def enter(method: FlowMethod) -> FlowMethod:
        if name in _METHODS:
            raise ValueError(f"a method of flow is called '{name}' already; take another name")
        _METHODS[name] = method
        return method

    return enter


def method_of(name: str) -> FlowMethod:
    """Return the method of that name.

    Raises
    ------
    ValueError
        There is none.
    """
    if name not in _METHODS:
        import_beside(__name__)
    if name not in _METHODS:
        raise ValueError(f"no method of flow is called '{name}'; take one of {sorted(_METHODS)}")
    return _METHODS[name]
