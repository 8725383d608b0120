"""A project's store, with the tables that say what is in it."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cached_property
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from rodepil.config.settings import ProjectSettings
from rodepil.config.workspace import Workspace
from rodepil.errors import FeatureError, RodepilError, TableError
from rodepil.io import tables
from rodepil.io.wording import choice
from rodepil.store import snapshot
from rodepil.store.features import FeatureStore
from rodepil.store.know.columns import recording_digests
from rodepil.store.know.lineage import lineages
from rodepil.store.materialize import Manifest
from rodepil.store.opening import open_store
from rodepil.store.views.base import View
from rodepil.store.views.registry import declared_views

SHOWN = 5
MATERIALIZE = "rodepil features materialize"


@dataclass(frozen=True)
class StoreProject:
    """What is asked about a store; each table is read when it is first needed.

    Parameters
    ----------
    settings, workspace
        The project.
    """

    settings: ProjectSettings
    workspace: Workspace

    @cached_property
    def views(self) -> dict[str, View]:
        """The views of the settings by name."""
        settings, root = self.settings, self.workspace.root
        views = declared_views(settings.features, settings.views, root)
        return {view.name: view for view in views}

    @cached_property
    def broken(self) -> dict[str, str]:
        """Why views of the settings can't be made now, by name; mostly a model is not there."""
        found = {}
        for name, view in self.views.items():
            try:
                view.identity()
            except RodepilError as error:
                found[name] = str(error)
        return found

    @cached_property
    def features(self) -> pa.Table:
        """The snapshot; empty where there is none yet."""
        return _snapshot(self.workspace.features)

    @cached_property
    def units(self) -> pa.Table:
        """The snapshot of the sequences in which action units are localized; or empty."""
        return _snapshot(self.workspace.units_features)

    @cached_property
    def named(self) -> pa.Table:
        """All rows of both snapshots: what the project refers to in the store."""
        return pa.concat_tables([self.features, self.units])

    @cached_property
    def store(self) -> FeatureStore:
        """The store under the snapshot."""
        return open_store(self.settings.store, self.workspace, self.features)

    @cached_property
    def manifest(self) -> Manifest:
        """The clips with their folder."""
        return Manifest(tables.read("clips", self.workspace.clips), self.workspace.clips.parent)

    @cached_property
    def recordings(self) -> dict[str, str]:
        """The SHA-256 of each recording by its id; none where the table is gone."""
        return recording_digests(self.workspace)

    @cached_property
    def learned(self) -> frozenset[str]:
        """The keys of features that runs learned from; those that can't be read are left out."""
        found: set[str] = set()
        for path in lineages(self.workspace.trials):
            with suppress(TableError):
                found |= set(tables.read("lineage", path).column("key").to_pylist())
        return frozenset(found)

    def view(self, name: str) -> View:
        """Return a view of the settings.

        Raises
        ------
        FeatureError
            The settings have no such view.
        """
        if name not in self.views and name in self.units.column("view").to_pylist():
            raise FeatureError(
                f"'{name}' is the view in which action units are localized, of other clips and the "
                "section 'sequence'; 'rodepil features list' says what is stored of it, and "
                f"{self.workspace.units_features} names each clip's"
            )
        if name not in self.views and name in self.features.column("view").to_pylist():
            raise FeatureError(
                f"view '{name}' is in the snapshot but no more in the settings, so that nobody "
                "knows what makes it: 'rodepil features get' shows what is stored, 'rodepil "
                "features list' says how to be rid of it; or put it back into the section 'views'"
            )
        return choose([name], self.views)[0]

    def held(self, name: str) -> pa.Table:
        """Return the snapshot's rows of a view, at least one.

        Raises
        ------
        FeatureError
            There is no snapshot, or nothing of the view in it.
        """
        self.refuse_without_snapshot()
        rows = snapshot.of_view(name, self.features)
        if not rows.num_rows:
            known = sorted({*self.views, *self.features.column("view").to_pylist()})
            if name not in known:
                raise FeatureError(f"there is no view '{name}'; {choice(name, known)}")
            raise FeatureError(
                f"the snapshot has no feature of view '{name}'; run '{MATERIALIZE} {name}'"
            )
        return rows

    def refuse_without_snapshot(self) -> None:
        """Refuse to tell of features where there is no snapshot.

        Raises
        ------
        FeatureError
            There is none.
        """
        if not self.workspace.features.is_file():
            raise FeatureError(
                f"there is no snapshot of features yet at {self.workspace.features}; "
                f"run '{MATERIALIZE}'"
            )

    def clip(self, named: str) -> dict[str, object]:
        """Return the row of the clip of that id, beginning of an id, path or file name.

        Raises
        ------
        FeatureError
            No clip, or more than one, is called so.
        """
        clips = self.manifest.clips.filter(pc.field("kept"))
        ids, paths = (clips.column(name).to_pylist() for name in ("clip_id", "path"))
        if named in ids:
            return _row(clips, ids.index(named))
        found = [at for at, clip_id in enumerate(ids) if named and clip_id.startswith(named)]
        if not found:
            wanted = (self.workspace.clips.parent / named).name if "/" in named else named
            found = [
                at
                for at, path in enumerate(paths)
                if path and path.rpartition("/")[2] == wanted and _ends_alike(path, named)
            ]
        if len(found) == 1:
            return _row(clips, found[0])
        if not found:
            raise FeatureError(self._no_clip(named, ids))
        some = ", ".join(ids[at] for at in found[:SHOWN])
        raise FeatureError(
            f"'{named}' stands for {len(found)} clips: {some}{', …' * (len(found) > SHOWN)}; "
            "give more of the id"
        )

    def _no_clip(self, named: str, kept: Sequence[str]) -> str:
        """Return what to say of a clip that is not among those kept."""
        clips = self.manifest.clips
        columns = (clips.column(name).to_pylist() for name in ("clip_id", "path", "drop_reason"))
        for clip_id, path, reason in zip(*columns, strict=True):
            if named and clip_id not in kept and named in {clip_id, path}:
                return f"clip {clip_id} was dropped ({reason}), so that it has no features"
        alike = get_close_matches(named, kept, n=1)
        guess = f" (did you mean {alike[0]}?)" if alike else ""
        some = ", ".join(kept[:2])
        return (
            f"no kept clip has the id or path '{named}'{guess}; ids look like {some}, and the "
            f"clips' files lie in {self.workspace.clips_folder}: name one of those"
        )


def choose(names: Sequence[str], views: dict[str, View]) -> list[View]:
    """Return views by name, in the order of the settings; all of them where no name is given.

    Raises
    ------
    FeatureError
        The settings have no such view.
    """
    unknown = [name for name in names if name not in views]
    if unknown:
        raise FeatureError(
            f"the settings have no view '{unknown[0]}'; {choice(unknown[0], views)}. Take one of "
            "these, or add it to the section 'views' of params.yaml"
        )
    return [view for name, view in views.items() if not names or name in names]


def _snapshot(path: Path) -> pa.Table:
    """Return a snapshot; empty where there is none yet."""
    return tables.read("features", path) if path.is_file() else tables.from_rows("features", [])


def _row(clips: pa.Table, at: int) -> dict[str, object]:
    row: dict[str, object] = clips.slice(at, 1).to_pylist()[0]
    return row


def _ends_alike(path: str, named: str) -> bool:
    """Say whether two paths agree as far as both go, from the file's name on."""
    pairs = zip(reversed(path.split("/")), reversed(named.split("/")), strict=False)
    return all(one == other for one, other in pairs)
