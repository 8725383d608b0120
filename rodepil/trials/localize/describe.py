"""What people read of a localization's run, Markdown: what it is, its data, its mAP."""

from __future__ import annotations

from typing import Final

from rodepil.io.wording import by_number
from rodepil.localize.settings import LocalizeTrialSettings, Variant
from rodepil.trials.localize.measures import EDIT_SCORE, FRAME_ACCURACY, MEAN_MAP, map_name
from rodepil.trials.localize.results import Localized

WHAT: Final[dict[Variant, str]] = {
    "raseformer": "RaSeformer, whose queries attend to the best-scored keys of a local window",
    "dense": "the same network with dense local attention, as ActionFormer's: every key is kept",
    "shuffled": "a control: the same network, trained on the segments of other clips",
}
SPLITS: Final = {
    "given": "the given split, which may hold copies of one video on both sides",
    "subject": "folds by subject",
}


def localize_markdown(result: Localized) -> str:
    """Return a localization in words, with a table of mAP in percent, a line a fold."""
    settings = result.settings
    names = [*map(map_name, settings.tious), MEAN_MAP, FRAME_ACCURACY, EDIT_SCORE]
    heads = [*(f"mAP@{tiou:g}" for tiou in settings.tious), "Mean", "Frames", "Edit score"]
    said = (
        f"**{result.name}**: action units in time, by {WHAT[settings.variant]}. "
        f"{_attention(settings)} Data: {settings.data}; {SPLITS[settings.ratseizure.split]}."
    )
    lines = [
        said,
        "",
        *(
            f"Fold {fold.trial.settings.fold}: trained on "
            f"{by_number(fold.trial.train_clips, 'clip', 'clips')}, tested on "
            f"{by_number(fold.trial.test_clips, 'clip', 'clips')}.  "
            for fold in result.folds
        ),
        "",
        f"| % | {' | '.join(heads)} |",
        f"| --- |{' ---: |' * len(heads)}",
    ]
    rows = [(f"fold {fold.trial.settings.fold}", fold.measures) for fold in result.folds]
    for title, measures in (*rows, ("mean", result.mean)):
        values = " | ".join(f"{100 * measures[name]:.2f}" for name in names)
        lines.append(f"| {title} | {values} |")
    return "\n".join([*lines, "", "mAP@x: mean over units of AP at a tIoU of x; Mean: over these."])


def _attention(settings: LocalizeTrialSettings) -> str:
    network = settings.network
    windows = ", ".join(map(str, network.windows))
    return (
        f"Windows of {windows} steps by level, {100 * network.keep_ratio:g} % of their keys kept; "
        f"{by_number(settings.epochs, 'epoch', 'epochs')}, those of the warm-up among them."
    )
