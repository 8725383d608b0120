"""What `rodepil doctor` looks at: versions, devices, services, disk and project."""

from __future__ import annotations

import importlib.metadata
import os
import platform
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal

from packaging.requirements import Requirement

from rodepil.cluster import cpu_count
from rodepil.config.load import load_settings
from rodepil.config.settings import ProjectSettings
from rodepil.config.workspace import Workspace
from rodepil.errors import RodepilError, SettingError

INSTALL = "pip install -c constraints.txt -e ."
DISK_WANTED_GIB = 5
GIB = 1 << 30


@dataclass(frozen=True)
class Finding:
    """One thing looked at."""

    state: Literal["ok", "note", "fault"]
    what: str
    found: str
    remedy: str = ""


def examine(workspace: Workspace) -> list[Finding]:
    """Look at everything that the project needs; a look that fails is a finding as well."""
    looks: list[Callable[[Workspace], Iterator[Finding]]] = [
        _versions, _devices, _disk, _settings, _git_and_dvc, _mlflow, _ray, _outputs,
    ]  # fmt: skip
    return [finding for look in looks for finding in _findings(look, workspace)]


def _findings(
    look: Callable[[Workspace], Iterator[Finding]], workspace: Workspace
) -> Iterator[Finding]:
    """Yield what a look finds, and a fault where it wants a package that can't be imported."""
    try:
        yield from look(workspace)
    except ImportError as error:
        yield Finding("fault", error.name or "import", str(error), INSTALL)


def _versions(workspace: Workspace) -> Iterator[Finding]:
    del workspace
    yield Finding("ok", "Python", platform.python_version())
    wanted = [Requirement(text) for text in importlib.metadata.requires("rodepil") or []]
    for requirement in wanted:
        if requirement.marker and not requirement.marker.evaluate({"extra": ""}):
            continue
        try:
            found = importlib.metadata.version(requirement.name)
        except importlib.metadata.PackageNotFoundError:
            yield Finding("fault", requirement.name, "not installed", INSTALL)
            continue
        fits = requirement.specifier.contains(found, prereleases=True)
        remedy = "" if fits else f"wanted {requirement.specifier}: {INSTALL}"
        yield Finding("ok" if fits else "fault", requirement.name, found, remedy)


def _devices(workspace: Workspace) -> Iterator[Finding]:
    del workspace
    import torch  # noqa: PLC0415 - takes seconds to import

    yield Finding("ok", "CPUs", str(cpu_count()))
    if torch.cuda.is_available():
        for index in range(torch.cuda.device_count()):
            memory_gib = torch.cuda.get_device_properties(index).total_memory / GIB
            name = f"{torch.cuda.get_device_name(index)}, {memory_gib:.0f} GiB"
            yield Finding("ok", f"GPU {index}", name)
    elif torch.backends.mps.is_available():
        yield Finding("ok", "GPU", "Apple (mps)")
    else:
        yield Finding("note", "GPU", "none", "the demo runs without; the paper's scale wants some")


def _disk(workspace: Workspace) -> Iterator[Finding]:
    free_gib = shutil.disk_usage(workspace.root).free / GIB
    enough = free_gib >= DISK_WANTED_GIB
    remedy = "" if enough else f"free {DISK_WANTED_GIB} GiB, for example with dvc gc -w"
    yield Finding("ok" if enough else "fault", "free disk", f"{free_gib:.0f} GiB", remedy)
    writable = os.access(workspace.root, os.W_OK)
    remedy = "" if writable else f"make {workspace.root} writable"
    yield Finding("ok" if writable else "fault", "project folder", str(workspace.root), remedy)


def _settings(workspace: Workspace) -> Iterator[Finding]:
    try:
        settings = load_settings(workspace.root)
    except SettingError as error:
        yield Finding("fault", "settings", str(error), "mend that line")
        return
    here = (workspace.root / "params.yaml").is_file()
    remedy = "" if here else "run it in the project's folder, or name that with --project"
    found = f"profile {settings.profile}" if here else "no params.yaml: built-in demo settings"
    yield Finding("ok" if here else "note", "settings", found, remedy)


def _git_and_dvc(workspace: Workspace) -> Iterator[Finding]:
    git = shutil.which("git")
    yield Finding("ok" if git else "fault", "git", git or "missing", "" if git else "install git")
    for name, command in ((".git", "git init"), (".dvc", "dvc init")):
        there = (workspace.root / name).exists()
        remedy = "" if there else f"{command}, or clone the project"
        yield Finding("ok" if there else "note", name, "there" if there else "missing", remedy)


def _mlflow(workspace: Workspace) -> Iterator[Finding]:
    from rodepil.track import missing_database, open_services  # noqa: PLC0415 - imports MLflow

    try:
        settings = load_settings(workspace.root)
    except SettingError:
        settings = ProjectSettings()
    if missing := missing_database(settings.track, workspace):
        yield Finding("note", "MLflow", "no runs yet", f"the first run makes {missing}")
        return
    try:
        tracker = open_services(settings.track, workspace)
    except RodepilError as error:
        yield Finding("fault", "MLflow", "not reachable", str(error))
        return
    yield Finding("ok", "MLflow", str(tracker))


def _ray(workspace: Workspace) -> Iterator[Finding]:
    del workspace
    from rodepil.trials.ray_session import ray_session  # noqa: PLC0415 - imports Ray

    try:
        with ray_session() as resources:
            found = ", ".join(f"{name} {amount:g}" for name, amount in sorted(resources.items()))
            yield Finding("ok", "Ray", found)
    except RodepilError as error:
        yield Finding("fault", "Ray", "does not start", str(error))


def _outputs(workspace: Workspace) -> Iterator[Finding]:
    for what, path in (
        ("recordings", workspace.raw / "recordings.parquet"),
        ("clips", workspace.clips),
        ("folds", workspace.folds),
        ("features", workspace.features),
        ("report", workspace.results / "report.html"),
    ):
        there = path.is_file()
        if there and what == "features":
            yield _features(workspace)
            continue
        remedy = "" if there else "dvc repro"
        yield Finding("ok" if there else "note", what, "there" if there else "not yet", remedy)


def _features(workspace: Workspace) -> Finding:
    """Say which views of the settings are not what the snapshot and the store should have."""
    from rodepil.store.know.listing import CURRENT, holdings  # noqa: PLC0415 - imports torch
    from rodepil.store.know.project import StoreProject  # noqa: PLC0415

    try:
        listed = holdings(StoreProject(load_settings(workspace.root), workspace))
    except RodepilError as error:
        return Finding("fault", "features", "can't be looked at", str(error))
    ours = [one for one in listed if one.declared]
    wrong = [one.name for one in ours if one.state != CURRENT]
    if wrong:
        said = f"not current: {', '.join(wrong)}"
        return Finding("note", "features", said, "rodepil features list says why and what to do")
    return Finding("ok", "features", f"{', '.join(one.name for one in ours)}: current")
