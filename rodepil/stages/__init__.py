"""The stages of the pipeline: each a function of settings, workspace and progress.

`dvc repro` runs them in order; the command line and notebooks call the same functions. Each
returns a summary that prints as one or more lines, and imports what it needs when it is called.
"""

from rodepil.stages.action_units import (
    detector,
    i3d_stand_in,
    localize,
    sequences,
    units,
    units_clips,
)
from rodepil.stages.inputs import features, pretrain
from rodepil.stages.recordings import (
    audit,
    audit_source,
    audit_with_folds,
    check_folds,
    curate,
    folds,
    source,
)
from rodepil.stages.reports import localize_report, report
from rodepil.stages.training import compare, cross_validate, crossval

__all__ = [
    "audit",
    "audit_source",
    "audit_with_folds",
    "check_folds",
    "compare",
    "cross_validate",
    "crossval",
    "curate",
    "detector",
    "features",
    "folds",
    "i3d_stand_in",
    "localize",
    "localize_report",
    "pretrain",
    "report",
    "sequences",
    "source",
    "units",
    "units_clips",
]
