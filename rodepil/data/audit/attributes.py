"""The attributes of a clip that could tell its label without any look at behaviour."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

Group = Literal["file", "length", "pixels"]

CURATE: Final = "run 'rodepil curate', which encodes all clips alike, and audit again"
LIGHT: Final = (
    "balance cameras, dates and hours between the classes, and raise train.augment.brightness and "
    "train.augment.contrast"
)
LENGTHS: Final = ("frames", "duration_s")
LENGTH_MEANING: Final = "a longer recording holds more seizures for no other reason"
LENGTH_REMEDY: Final = (
    "nothing, since 'rodepil curate' cuts all recordings into clips of one length"
)
CODING: Final = (
    "take recordings of one camera and one encoder, or seizure and normal clips from the same "
    "recordings"
)


@dataclass(frozen=True)
class Attribute:
    """One attribute.

    Parameters
    ----------
    name
        Its column in the table "attributes".
    title
        What people call it.
    group
        ``file`` for what a container says or is: these fail an audit. ``pixels`` for the rest.
        An audit makes it ``length`` for the lengths of whole recordings, which are reported alone.
    meaning
        What it means when it tells the label.
    remedy
        What to do then.
    is_name
        Whether it holds a name, not a number.
    """

    name: str
    title: str
    group: Group
    meaning: str
    remedy: str
    is_name: bool = False


def _file(name: str, title: str, *, is_name: bool = False) -> Attribute:
    meaning = "a model, or the reader that feeds it, can tell the label from the file alone"
    return Attribute(name, title, "file", meaning, CURATE, is_name)


ATTRIBUTES: Final[tuple[Attribute, ...]] = (
    _file("fps", "frame rate"),
    _file("frames", "number of frames"),
    _file("duration_s", "duration"),
    _file("width_px", "width"),
    _file("height_px", "height"),
    _file("codec", "codec", is_name=True),
    _file("container", "container", is_name=True),
    _file("pixel_format", "pixel format", is_name=True),
    Attribute(
        "size_bytes",
        "file size",
        "pixels",
        "at constant quality a file grows with motion and noise, so that some of this is behaviour",
        "no model reads it; look at noise, sharpness and repeated frames for its cause",
    ),
    Attribute(
        "bars_x_share",
        "bars left and right",
        "pixels",
        "cages' boxes differ in shape between the classes, and the letterbox shows it",
        "set curate.fit to center_crop, or draw boxes of one shape",
    ),
    Attribute(
        "bars_y_share",
        "bars above and below",
        "pixels",
        "cages' boxes differ in shape between the classes, and the letterbox shows it",
        "set curate.fit to center_crop, or draw boxes of one shape",
    ),
    Attribute(
        "border_level",
        "border's brightness",
        "pixels",
        "what stands at the edge (bars, walls, tags) differs between the classes",
        "set curate.fit to center_crop, and draw boxes that leave out walls and tags",
    ),
    Attribute("brightness", "mean brightness", "pixels", "light or camera differ", LIGHT),
    Attribute(
        "contrast",
        "contrast",
        "pixels",
        "light or camera differ; an animal's posture moves it a little as well",
        LIGHT,
    ),
    Attribute(
        "colour",
        "distance from grey",
        "pixels",
        "light (infrared at night is grey) or camera differ, for example with the hour",
        "balance hours and cameras between the classes, or train on grey pictures",
    ),
    Attribute(
        "noise",
        "noise",
        "pixels",
        "camera, light or encoder differ; an encoder smooths noise away where much moves, so that "
        "some is behaviour",
        CODING + ", or lower curate.qp",
    ),
    Attribute(
        "sharpness",
        "sharpness",
        "pixels",
        "camera, focus or encoder differ; fast motion blurs as well, so that some is behaviour",
        CODING,
    ),
    Attribute(
        "repeated_share",
        "repeated frames",
        "pixels",
        "recordings of a lower frame rate were filled up to curate.fps by repeating frames",
        "lower curate.fps to the lowest rate of all recordings, or leave those recordings out",
    ),
)

BY_NAME: Final[dict[str, Attribute]] = {one.name: one for one in ATTRIBUTES}
