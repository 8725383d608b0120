"""The names of one tensor here and in the official code, both ways.

The official network is an ActionFormer, whose tensors are named for its modules: ``backbone``,
``neck``, ``cls_head`` and ``reg_head``. It keeps steps in columns, so that its linear layers are
convolutions of one step, (C, C, 1), and its norms and scales (1, C, 1).
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from torch import Tensor, nn

from rodepil.errors import ModelError
from rodepil.models.tensors import check_finite, load_exactly

PARALLEL = "module."
"""What torch's DataParallel puts before every name."""

_BLOCK = r"encoder\.(stem|branch)\.(\d+)\."
_RULES = (
    (r"encoder\.embed\.(\d+)\.", r"backbone.embd.\1.conv."),
    (r"encoder\.embed_norms\.(\d+)\.", r"backbone.embd_norm.\1."),
    (_BLOCK + r"norm([12])\.", r"backbone.\1.\2.ln\3."),
    (_BLOCK + r"attn\.(query|key|value)\.conv\.", r"backbone.\1.\2.attn.\3_conv.conv."),
    (_BLOCK + r"attn\.(query|key|value)\.norm\.", r"backbone.\1.\2.attn.\3_norm."),
    (_BLOCK + r"attn\.(query|key|value)\.linear\.", r"backbone.\1.\2.attn.\3."),
    (_BLOCK + r"attn\.proj\.", r"backbone.\1.\2.attn.proj."),
    (_BLOCK + r"mlp\.fc1\.", r"backbone.\1.\2.mlp.0."),
    (_BLOCK + r"mlp\.fc2\.", r"backbone.\1.\2.mlp.3."),
    (_BLOCK + r"(attn|mlp)_scale$", r"backbone.\1.\2.drop_path_\3.scale"),
    (r"neck\.(\d+)\.", r"neck.fpn_norms.\1."),
    (r"class_head\.out\.", r"cls_head.cls_head.conv."),
    (r"boundary_head\.out\.", r"reg_head.offset_head.conv."),
    (r"class_head\.convs\.(\d+)\.", r"cls_head.head.\1.conv."),
    (r"class_head\.norms\.(\d+)\.", r"cls_head.norm.\1."),
    (r"boundary_head\.convs\.(\d+)\.", r"reg_head.head.\1.conv."),
    (r"boundary_head\.norms\.(\d+)\.", r"reg_head.norm.\1."),
    (r"boundary_head\.scales\.(\d+)$", r"reg_head.scale.\1.scale"),
)


def to_official(name: str) -> str:
    """Return the official name of what is `name` here.

    Raises
    ------
    KeyError
        When no tensor of a RaSeformer has that name.
    """
    for ours, theirs in _RULES:
        found = re.match(ours, name)
        if found:
            return found.expand(theirs) + name[found.end() :]
    raise KeyError(name)


def load_official(model: nn.Module, tensors: Mapping[str, Tensor], source: str) -> None:
    """Load tensors by official names into `model`, in place.

    Parameters
    ----------
    model
        A RaSeformer.
    tensors
        By official names, with or without DataParallel's prefix.
    source
        Where they come from, for the message.

    Raises
    ------
    ModelError
        When a tensor is missing, unexpected, of another shape, or not finite.
    """
    plain = {name.removeprefix(PARALLEL): tensor for name, tensor in tensors.items()}
    wanted = model.state_dict()
    names = {to_official(name): name for name in wanted}
    missing = sorted(names.keys() - plain.keys())
    if missing:
        raise ModelError(
            f"{source} lacks {len(missing)} tensors of {type(model).__name__}, the first "
            f"{missing[0]}; load it with the settings it was made with"
        )
    found = {
        names.get(name, name): _shaped(tensor, wanted.get(names.get(name, name)))
        for name, tensor in plain.items()
    }
    check_finite(found, source, "fetch the file again")
    load_exactly(model, found, source)


def _shaped(tensor: Tensor, wanted: Tensor | None) -> Tensor:
    """Return `tensor` without its dimensions of 1 where that gives the shape that is wanted."""
    if wanted is not None and tensor.squeeze().shape == wanted.squeeze().shape:
        return tensor.reshape(wanted.shape)
    return tensor
