"""Every error that a user can cause, one class each; the message holds the remedy.

An error says what it got, what it wanted and what to do. The command line prints the
message alone; ``--debug`` shows the traceback.
"""

from __future__ import annotations


class RodepilError(Exception):
    """Base of every error that a user can cause and mend."""


class SettingError(RodepilError):
    """A settings file holds an unknown key, a wrong type or an impossible value."""


class ClipNameError(RodepilError):
    """A file name breaks the convention ``Date_VideoID_Position_RatID_frames_Label_Y.avi``."""


class TableError(RodepilError):
    """A table is missing, unreadable or does not fit its schema."""


class VideoError(RodepilError):
    """A video can't be opened, decoded or encoded."""


class CageError(RodepilError):
    """A cage's box is impossible: outside the frame, empty, or without a recording."""


class AnnotationError(RodepilError):
    """An annotation is impossible: reversed, past the end, or without a cage."""


class SourceError(RodepilError):
    """A data source is empty or can't be used."""


class ShortRecording(SourceError):
    """A recording lasts less than one clip."""


class WorkerDied(RodepilError):
    """A process that worked on an item died."""


class DownloadError(RodepilError):
    """A record can't be fetched, or what came of it can't be unpacked safely."""


class DuplicateClip(RodepilError):
    """Two clips carry one id."""


class AuditError(RodepilError):
    """The clips' files give the label away, or there is nothing to audit."""


class FoldError(RodepilError):
    """Folds can't be made, or a fold table does not fit the clips."""


class SubjectLeak(RodepilError):
    """A subject (or the parent of a derived clip) stands on both sides of a split."""


class FeatureError(RodepilError):
    """A stored feature is missing, torn or belongs to another view."""


class DamagedFeature(FeatureError):
    """A stored feature is torn or holds other bytes than were written.

    Attributes
    ----------
    shard
        The shard's name in the store, once that is known.
    """

    shard: str = ""


class OlderFeature(DamagedFeature):
    """A shard of features was written by an earlier version, in a format that is read no more."""


class NewerFeature(FeatureError):
    """A shard of features was written by a newer version."""


class ModelError(RodepilError):
    """A model's settings, weights or inputs do not fit together."""


class ModalityError(RodepilError):
    """A modality returns what no network reads."""


class TrainingError(RodepilError):
    """Training can't go on, for example because the loss is not finite."""


class TrackingError(RodepilError):
    """A tracking service can't be reached or refuses a run."""


class ServiceAway(TrackingError):
    """A tracking service can't be reached now; it may be back later."""


class TrialError(RodepilError):
    """A trial ended without a result."""


class ReportError(RodepilError):
    """A report can't be made from what is there."""
