"""The formats of weights: how each is recognised, renamed and completed.

To add one, write its functions and enter it in `FORMATS`; the first that recognises a file's
content takes it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from pydantic import ValidationError

from rodepil.errors import ModelError
from rodepil.models.card import CARD_KEY, ModelCard
from rodepil.models.weights.catalog import has_published_name
from rodepil.models.weights.keys import from_hugging_face, to_hugging_face
from rodepil.models.weights.note import NOTE_KEY, Weights, WeightsNote, read_note
from rodepil.models.weights.read import Content
from rodepil.models.weights.sizes import TIME_EMBED
from rodepil.models.weights.vit import vit_note, with_time
from rodepil.models.weights.whole import check_whole

VIT_HEADS = {(192, 12, 768): 3, (384, 12, 1536): 6, (768, 12, 3072): 12, (1024, 24, 4096): 16}
"""Heads of the published ViT-Ti, S, B and L by width, depth and hidden width."""

SAME_NETWORK = {
    "attention_type": "divided_space_time",
    "hidden_act": "gelu",
    "layer_norm_eps": 1e-6,
}
"""What a Hugging Face config must say where it says anything: the tensors don't show it."""

SHOWN = 5


@dataclass(frozen=True)
class Format:
    """One format.

    Attributes
    ----------
    name, title
        As in code, and in words.
    recognises
        Whether a content is of this format, however faulty.
    note
        What a content tells beside its tensors.
    inward, outward
        A tensor's name from the file's to ours (unknown ones stay), and back.
    has_time
        Whether it holds the tensors of time.
    """

    name: str
    title: str
    recognises: Callable[[Content], bool]
    note: Callable[[Content], WeightsNote]
    inward: Callable[[str], str] = str
    outward: Callable[[str], str] = str
    has_time: bool = True


def read_weights(content: Content) -> Weights:
    """Return what `content` holds, in whichever format, under our names.

    Raises
    ------
    ModelError
        When no format recognises it; or tensors are missing, unexpected or of other shapes, all
        of which are listed; or what stands beside them can't be read or asks for another network.
    """
    kind = next((kind for kind in FORMATS if kind.recognises(content)), None)
    if kind is None:
        names = ", ".join(list(content.tensors)[:SHOWN])
        raise ModelError(
            f"{content.source} holds {len(content.tensors)} tensors ({names} …), which are "
            f"none of: {'; '.join(f'{kind.name}, {kind.title}' for kind in FORMATS)}. Give the "
            "weights of a TimeSformer with divided attention, or of a plain ViT"
        )
    tensors = {kind.inward(name): tensor for name, tensor in content.tensors.items()}
    source = str(content.source)
    sizes = check_whole(tensors, source, has_time=kind.has_time, outward=kind.outward)
    note = kind.note(content)
    if note.learned_from is None and _is_published(content):
        note = note.model_copy(update={"learned_from": ()})
    if note.heads is None:
        published = VIT_HEADS.get((sizes.width, sizes.depth, sizes.hidden))
        note = note.model_copy(update={"heads": published})
    if not kind.has_time:
        tensors = with_time(tensors, sizes)
    return Weights(kind.name, kind.title, content.source, tensors, sizes, note)


def _is_published(content: Content) -> bool:
    """Say whether these are weights as others published them, which no tool of ours wrote."""
    written = {CARD_KEY, NOTE_KEY} & {*content.metadata, *content.beside}
    return not written and has_published_name(content.source)


def _is_own(content: Content) -> bool:
    return bool({CARD_KEY, NOTE_KEY} & content.metadata.keys())


def _own_note(content: Content) -> WeightsNote:
    """Return the note of converted weights, or what the card of a trained model says."""
    if CARD_KEY not in content.metadata:
        return _note(content.metadata.get(NOTE_KEY), content)
    try:
        card = ModelCard.model_validate_json(content.metadata[CARD_KEY])
    except ValidationError as error:
        raise ModelError(
            f"the card in {content.source} can't be read ({error.error_count()} faults); the file "
            "is damaged or was written by a newer rodepil"
        ) from error
    return WeightsNote(
        heads=card.model.heads,
        mean=card.mean,
        std=card.std,
        normalisation="that of the model's card",
        origin=f"trial {card.trial_id}, {card.data} data",
        learned_from=card.learned_from,
    )


def _note(text: object, content: Content) -> WeightsNote:
    return read_note(text, content.source) or WeightsNote()


def _is_official(content: Content) -> bool:
    names = content.tensors
    return TIME_EMBED in names or any(".temporal_attn." in name for name in names)


def _official_note(content: Content) -> WeightsNote:
    return _note(content.beside.get(NOTE_KEY), content)


def _is_hugging_face(content: Content) -> bool:
    marks = ("embeddings.time_embeddings", ".temporal_attention.attention.qkv.")
    return any(mark in name for name in content.tensors for mark in marks)


def _hugging_face_note(content: Content) -> WeightsNote:
    """Return heads from config.json, and the normalisation of the published weights.

    The image processors that lie beside such weights disagree about it, so none is read.
    """
    config = content.beside
    other = {
        key: config[key] for key, value in SAME_NETWORK.items() if config.get(key, value) != value
    }
    if other:
        raise ModelError(
            f"{content.source}: config.json asks for {other}, and the network here has "
            f"{ {key: SAME_NETWORK[key] for key in other} }; give weights trained like that"
        )
    note = _note(config.get(NOTE_KEY), content)
    heads = config.get("num_attention_heads")
    return note.model_copy(update={"heads": heads if isinstance(heads, int) else note.heads})


def _is_vit(content: Content) -> bool:
    names = content.tensors
    return "patch_embed.proj.weight" in names and any(".attn.qkv." in name for name in names)


FORMATS = (
    Format("rodepil", "safetensors with rodepil's card or note", _is_own, _own_note),
    Format("official", "a checkpoint of the TimeSformer repository", _is_official, _official_note),
    Format(
        "hugging_face",
        "TimesformerForVideoClassification or TimesformerModel",
        _is_hugging_face,
        _hugging_face_note,
        from_hugging_face,
        to_hugging_face,
    ),
    Format("timm_vit", "a plain ViT of timm", _is_vit, vit_note, has_time=False),
)
"""In the order in which they are tried."""
