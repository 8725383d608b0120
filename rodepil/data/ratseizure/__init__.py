"""RatSeizure's annotations: clips with a given split, and action units with start and end."""

from rodepil.data.ratseizure.clips import RatSeizure, RatSeizureClip, Refused
from rodepil.data.ratseizure.copies import CopyReport, copies_across
from rodepil.data.ratseizure.counts import class_counts
from rodepil.data.ratseizure.labels import LABEL_IDS, unit_of
from rodepil.data.ratseizure.read import read_annotations
from rodepil.data.ratseizure.write import write_annotations

__all__ = [
    "LABEL_IDS",
    "CopyReport",
    "RatSeizure",
    "RatSeizureClip",
    "Refused",
    "class_counts",
    "copies_across",
    "read_annotations",
    "unit_of",
    "write_annotations",
]
