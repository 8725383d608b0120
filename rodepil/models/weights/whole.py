"""Whether tensors are all that a TimeSformer or a ViT has, no more, and of shapes that agree."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping

from torch import Tensor

from rodepil.errors import ModelError
from rodepil.models.weights.sizes import (
    HEAD,
    TEMPORAL,
    TIME_EMBED,
    Sizes,
    depth_of,
    names_of,
    shapes_of,
    sizes_of,
)

_NUMBER = re.compile(r"\.\d+\.")


def check_whole(
    tensors: Mapping[str, Tensor], source: str, *, has_time: bool, outward: Callable[[str], str]
) -> Sizes:
    """Check a set of tensors against the network that its own sizes ask for.

    Parameters
    ----------
    tensors
        By the names of `TimeSformer`, unknown ones under their own.
    source
        Where they come from, for the message.
    has_time
        Whether the tensors of time are wanted; they are unexpected else.
    outward
        From a name here to the file's, for the message.

    Returns
    -------
    Sizes
        The sizes of the network.

    Raises
    ------
    ModelError
        When tensors are missing, unexpected, of another shape or no floats; all are listed. A
        head may be missing as a whole.
    """
    wanted = _wanted(names_of(depth_of(tensors)), tensors, has_time=has_time)
    missing = [outward(name) for name in wanted if name not in tensors]
    unexpected = [name for name in tensors if name not in wanted]
    _refuse(source, {"missing": missing, "unexpected": [_out(outward, n) for n in unexpected]})
    sizes = sizes_of(tensors, source)
    shapes = shapes_of(sizes)
    odd = [
        f"{outward(name)} {tuple(tensor.shape)} for {tuple(shapes[name])}"
        for name, tensor in tensors.items()
        if tensor.shape != shapes[name]
    ]
    whole_numbers = [outward(n) for n, tensor in tensors.items() if not tensor.is_floating_point()]
    _refuse(source, {"of another shape": odd, "not of floats": whole_numbers})
    return sizes


def listed(names: Iterable[str]) -> str:
    """Return all `names` in a few words: those that differ by the block's number alone as one."""
    groups: dict[str, list[str]] = {}
    for name in names:
        groups.setdefault(_NUMBER.sub(".*.", name, count=1), []).append(name)
    return ", ".join(
        group[0] if len(group) == 1 else f"{pattern} ({len(group)} of them)"
        for pattern, group in groups.items()
    )


def _wanted(names: list[str], tensors: Mapping[str, Tensor], *, has_time: bool) -> set[str]:
    headless = not any(name.startswith(HEAD) for name in tensors)
    return {
        name
        for name in names
        if (has_time or (name != TIME_EMBED and TEMPORAL not in name))
        and not (headless and name.startswith(HEAD))
    }


def _out(outward: Callable[[str], str], name: str) -> str:
    """Return the file's name of a tensor that may be unknown here."""
    try:
        return outward(name)
    except KeyError:
        return name


def _refuse(source: str, faults: Mapping[str, list[str]]) -> None:
    found = [
        f"{len(names)} {fault}: {listed(sorted(names))}" for fault, names in faults.items() if names
    ]
    if found:
        raise ModelError(
            f"the tensors in {source} are not those of the network; {'; '.join(found)}; give the "
            "weights of a TimeSformer with divided attention, or of a plain ViT, as published"
        )
