"""How often each label stands on each side of the split."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from rodepil.data.ratseizure.clips import SUBSETS, RatSeizure
from rodepil.data.ratseizure.labels import LABEL_IDS


def class_counts(annotations: RatSeizure) -> pa.Table:
    """Return one row a label, in order of ids; a label that is not there counts 0.

    Returns
    -------
    pyarrow.Table
        ``label_id``, ``label``, and for either side (``training``, ``testing``): segments, clips
        that hold one (``training_clips``), and seconds (``training_s``); overlaps count twice.
    """
    columns: dict[str, pa.Array] = {
        "label_id": pa.array(LABEL_IDS.values(), pa.int64()),
        "label": pa.array(LABEL_IDS, pa.string()),
    }
    for subset in SUBSETS:
        found = annotations.side(subset)
        codes = np.array([LABEL_IDS[name] for name in found.column("label").to_pylist()], np.int64)
        lasting = found.column("end_s").to_numpy() - found.column("start_s").to_numpy()
        pairs = set(zip(codes.tolist(), found.column("recording_id").to_pylist(), strict=True))
        held = np.array([code for code, _ in pairs], np.int64)
        total = len(LABEL_IDS)
        columns[subset] = pa.array(np.bincount(codes, minlength=total), pa.int64())
        columns[f"{subset}_clips"] = pa.array(np.bincount(held, minlength=total), pa.int64())
        columns[f"{subset}_s"] = pa.array(
            np.bincount(codes, weights=lasting, minlength=total), pa.float64()
        )
    return pa.table(columns)
