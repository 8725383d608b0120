"""Cross-validation: one trial a fold on Ray Train, each recorded, none run twice.

Call it again after whatever stopped it: finished folds are read from their folders, the others go
on from their checkpoints, and the result is the same to the last bit on the CPU.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing
from functools import partial

import pyarrow as pa

from rodepil.config.settings import ProjectSettings
from rodepil.config.workspace import Workspace
from rodepil.errors import RodepilError, TrialError
from rodepil.io import tables
from rodepil.io.progress import Advance, Progress, Silent
from rodepil.store import Manifest, open_store, training_view
from rodepil.track import Tracker, open_tracker
from rodepil.train.metrics import Metrics
from rodepil.trials.lineage import keep_lineage
from rodepil.trials.plan import Control, Plan, Trial, make_plan, title_of
from rodepil.trials.provenance import git_tags
from rodepil.trials.recording import Figures, Recorder
from rodepil.trials.results import CrossvalResult, FoldResult, write_results

__all__ = ["CrossvalResult", "FoldResult", "cross_validate", "write_results"]


def cross_validate(
    settings: ProjectSettings,
    workspace: Workspace,
    *,
    control: Control = "none",
    folds: Sequence[int] | None = None,
    tracker: Tracker | None = None,
    figures: Figures | None = None,
    progress: Progress | None = None,
) -> CrossvalResult:
    """Train and test one trial a fold.

    Parameters
    ----------
    settings, workspace
        The project, with its clips, folds and features made.
    control
        ``static`` shows the middle frame of a clip in place of every frame.
    folds
        Folds to test; by default all.
    tracker
        Where to record; by default the one of the settings.
    figures
        Draws the figures of predictions that runs hold.
    progress
        Told of every epoch.

    Raises
    ------
    TableError, FoldError, SubjectLeak, FeatureError
        The data are not ready.
    TrackingError
        The tracker can't be reached or refuses.
    TrialError
        Ray is not there, or a fold failed; the other folds are finished and kept.
    """
    plan = make_plan(settings, workspace, control=control, folds=folds)
    recorder = Recorder(
        tracker or open_tracker(settings.track, workspace),
        plan,
        figures,
        git_tags(workspace.root),
        keep_lineage(plan, workspace),
    )
    epochs = len(plan.trials) * settings.train.epochs
    try:
        with (progress or Silent()).task(title_of(plan.settings), epochs, "epochs") as advance:
            _finish_all(plan, recorder, advance)
    except KeyboardInterrupt:
        recorder.interrupt("killed")
        raise
    except RodepilError:
        recorder.interrupt("failed")
        raise
    return _result(plan, recorder)


def _finish_all(plan: Plan, recorder: Recorder, advance: Advance) -> None:
    """Run the trials that are not finished, and record all that is not recorded."""
    waiting = [trial for trial in plan.trials if trial.folder.finished() is None]
    for trial in plan.trials:
        if trial not in waiting:
            advance(trial.settings.train.epochs)
            if not recorder.is_recorded(trial):
                recorder.finish(trial)
    if not waiting:
        return
    _ensure_features(waiting[0])
    failed = _run(waiting, recorder, advance)
    if failed:
        count = f"{len(failed)} of {len(plan.trials)} folds failed; the others are kept."
        remedy = "Mend what is said above and run this again to go on"
        raise TrialError("\n".join([*failed, f"{count} {remedy}"]))


def _ensure_features(trial: Trial) -> None:
    """Make features again whose shards are gone, so that every worker finds them."""
    workspace = trial.workspace
    store = open_store(trial.store, workspace, tables.read("features", workspace.features))
    clips = tables.read("clips", workspace.clips)
    store.ensure(training_view(trial.settings.features), Manifest(clips, workspace.clips.parent))


def _run(waiting: Sequence[Trial], recorder: Recorder, advance: Advance) -> list[str]:
    """Run trials side by side, and return what those that failed said."""
    # Ray takes seconds to import, and nothing of it is wanted when all is finished.
    from rodepil.trials.launch import Share, launch, side_by_side  # noqa: PLC0415
    from rodepil.trials.ray_session import ray_session  # noqa: PLC0415

    def glance(trial: Trial) -> None:
        advance(recorder.follow(trial))

    failed = []
    with ray_session() as resources:
        share = Share.of(waiting[0].settings.train, resources)
        run = partial(launch, share=share)
        with closing(side_by_side(waiting, run, share.slots(resources), glance)) as ended:
            for trial, error in ended:
                if error is None:
                    recorder.finish(trial)
                    # What an early stop left out will not come.
                    advance(trial.settings.train.epochs - len(trial.folder.history()))
                else:
                    recorder.fail(trial, error)
                    failed.append(str(error))
    return failed


def _result(plan: Plan, recorder: Recorder) -> CrossvalResult:
    """Gather what the trials left, in the order of folds."""
    finished = {trial: done for trial in plan.trials if (done := trial.folder.finished())}
    predictions = pa.concat_tables([trial.folder.predictions() for trial in plan.trials])
    run_id = recorder.conclude(finished, predictions)
    results = tuple(
        FoldResult(
            trial=trial,
            run_id=recorder.run_id(trial),
            metrics=Metrics(**done.metrics),
            seconds=done.seconds,
            history=tuple(trial.folder.history()),
        )
        for trial, done in finished.items()
    )
    return CrossvalResult(run_id, plan.settings, predictions.combine_chunks(), results)
