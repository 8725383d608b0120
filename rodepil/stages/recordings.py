"""Stages of recordings: source, curate, audit and folds."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from rodepil.config.origin import name_of_source
from rodepil.config.settings import ProjectSettings
from rodepil.config.workspace import Workspace
from rodepil.errors import AuditError, SourceError
from rodepil.io import tables
from rodepil.io.progress import Progress
from rodepil.io.wording import by_number

if TYPE_CHECKING:
    from rodepil.data.audit.items import AuditItem
    from rodepil.data.audit.record import AuditRecord


def source(settings: ProjectSettings, workspace: Workspace, progress: Progress) -> str:
    """Fill data/raw with recordings and their recordings, cages and annotations tables."""
    from rodepil.data.sources import take_tables  # noqa: PLC0415 - a stage imports what it needs
    from rodepil.simulate import simulate  # noqa: PLC0415

    if settings.data.source == "simulated":
        simulate(settings.data.simulate, workspace.raw, progress=progress)
    else:
        take_tables(workspace.root / settings.data.folder, workspace.raw)
    recordings = tables.read("recordings", workspace.raw / "recordings.parquet")
    cages = tables.read("cages", workspace.raw / "cages.parquet")
    hours = sum(recordings.column("duration_s").to_pylist()) / 3600
    return f"{recordings.num_rows} recordings, {cages.num_rows} cages, {hours:.2f} h of video"


def curate(settings: ProjectSettings, workspace: Workspace, progress: Progress) -> str:
    """Turn recordings into clips and write the manifest, also where some of them fail.

    The stage itself then fails unless it is allowed to: DVC keeps what succeeded, and would not
    try again when the disk or a missing video is back.

    Raises
    ------
    SourceError
        Recordings that may succeed another time failed; clips and manifest of the others stand.
    """
    from rodepil.data.curate import curate as curate_recordings  # noqa: PLC0415

    summary = curate_recordings(
        workspace.raw,
        settings.curate,
        workspace.clips_folder,
        workspace.clips,
        progress=progress,
    )
    if summary.unfinished and not settings.curate.allow_failures:
        count = by_number(len(summary.unfinished), "recording is", "recordings are")
        raise SourceError(
            f"{summary}\n{count} not curated; what is done is kept. Mend what is said above and "
            "run the same command again, or go on without: curate.allow_failures=true"
        )
    return str(summary)


def audit(settings: ProjectSettings, workspace: Workspace, progress: Progress) -> str:
    """Audit the curated clips, write what was found, and stop where files give labels away."""
    from rodepil.data.audit.items import clip_items  # noqa: PLC0415

    clips = tables.read("clips", workspace.clips)
    items = clip_items(clips, workspace.clips.parent)
    return str(_audited(items, "clips", settings, workspace, progress))


def audit_with_folds(settings: ProjectSettings, workspace: Workspace, progress: Progress) -> str:
    """Audit the curated clips and say what their folds share, where they have any."""
    from rodepil.data.audit.items import clip_items  # noqa: PLC0415
    from rodepil.report.audit import sharing_words  # noqa: PLC0415

    clips = tables.read("clips", workspace.clips)
    items = clip_items(clips, workspace.clips.parent)
    record = _audited(items, "clips", settings, workspace, progress)
    return "\n".join(filter(None, [str(record), sharing_words(record, clips, workspace.folds)]))


def audit_source(
    settings: ProjectSettings,
    workspace: Workspace,
    progress: Progress,
    folder: Path | None = None,
) -> str:
    """Audit recordings as they came: those of `folder`, by default what was imported, if anything.

    What it says begins with the folder.
    """
    from rodepil.data.audit.items import source_items  # noqa: PLC0415
    from rodepil.data.sources import read_source  # noqa: PLC0415

    imported = workspace.root / settings.data.folder
    simulated = settings.data.source == "simulated"
    raw = simulated and not (imported / "recordings.parquet").is_file()
    usual = folder or (workspace.raw if raw else imported)
    items = source_items(read_source(usual), settings.curate.min_agreement)
    data = None if folder is None and raw else name_of_source(usual.resolve())
    try:
        record = _audited(items, "source", settings, workspace, progress, data=data)
    except AuditError as error:
        raise AuditError(f"{usual}: {error}") from error
    return f"{usual}: {record}"


def _audited(
    items: Sequence[AuditItem],
    of: Literal["clips", "source"],
    settings: ProjectSettings,
    workspace: Workspace,
    progress: Progress,
    *,
    data: str | None = None,
) -> AuditRecord:
    """Audit items, write table, record, page and figure, and then stop if they failed."""
    from rodepil.data.audit.record import save_record  # noqa: PLC0415
    from rodepil.data.audit.run import audit as run  # noqa: PLC0415
    from rodepil.data.origin import data_of  # noqa: PLC0415
    from rodepil.report.audit import STEMS, write_audit  # noqa: PLC0415

    name = data or data_of(settings, workspace)
    found = run(
        items,
        settings.audit,
        workspace.auditing,
        of=of,
        data=name,
        clip_s=settings.curate.clip_duration_s,
        progress=progress,
    )
    table = workspace.audit.with_stem(STEMS[of])
    tables.write("attributes", found.attributes, table)
    save_record(found.record, workspace.results / f"{STEMS[of]}.json")
    write_audit(found.record, workspace.results)
    found.raise_if_failed()
    return found.record


def folds(settings: ProjectSettings, workspace: Workspace, progress: Progress) -> str:
    """Deal subjects to folds and write the fold table."""
    from rodepil.data.folds import make_folds  # noqa: PLC0415

    del progress
    wanted = settings.folds
    if wanted.table is not None:
        wanted = wanted.model_copy(update={"table": str(workspace.root / wanted.table)})
    clips = tables.read("clips", workspace.clips)
    tables.write("folds", make_folds(clips, wanted), workspace.folds)
    return check_folds(workspace)


def check_folds(workspace: Workspace) -> str:
    """Check the fold table against the manifest and describe every fold."""
    from rodepil.data import folds as data_folds  # noqa: PLC0415

    clips = tables.read("clips", workspace.clips)
    return str(data_folds.check_folds(clips, tables.read("folds", workspace.folds)))
