"""Where everything of a project lies, in one place."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Workspace:
    """The files and folders of one project.

    Parameters
    ----------
    root
        The project's folder, that of params.yaml and dvc.yaml; made absolute.
    """

    root: Path

    def __post_init__(self) -> None:
        object.__setattr__(self, "root", Path(self.root).resolve())

    @property
    def raw(self) -> Path:
        """Recordings with their recordings, cages and annotations tables."""
        return self.root / "data" / "raw"

    @property
    def clips_folder(self) -> Path:
        """Curated clips."""
        return self.root / "data" / "clips"

    @property
    def clips(self) -> Path:
        """The manifest of clips, dropped windows included."""
        return self.root / "data" / "clips.parquet"

    @property
    def audit(self) -> Path:
        """What an audit measured of every clip."""
        return self.root / "data" / "audit.parquet"

    @property
    def auditing(self) -> Path:
        """What audits have measured so far: a cache that may be deleted."""
        return self.root / "data" / "auditing"

    @property
    def folds(self) -> Path:
        """Which fold a clip belongs to."""
        return self.root / "data" / "folds.parquet"

    @property
    def features(self) -> Path:
        """The snapshot of stored features."""
        return self.root / "data" / "features.parquet"

    @property
    def store(self) -> Path:
        """The feature store's shards: a cache that may be deleted."""
        return self.root / "data" / "store"

    @property
    def weights(self) -> Path:
        """Pretrained weights, as files and folders."""
        return self.root / "data" / "weights"

    @property
    def stand_in(self) -> Path:
        """What the stand-in pretraining leaves: its weights, and what they have learned."""
        return self.weights / "simulated_actions"

    @property
    def pretraining(self) -> Path:
        """Where a stand-in pretraining goes on from while it is not finished."""
        return self.root / "data" / "pretraining"

    @property
    def units_imported(self) -> Path:
        """Clips of action units that were imported: annotations.json, and videos or features."""
        return self.root / "data" / "imported_units" / "ratseizure"

    @property
    def units_source(self) -> Path:
        """Clips of action units to work on, simulated or imported, in the form of an import."""
        return self.root / "data" / "ratseizure" / "source"

    @property
    def units_clips_folder(self) -> Path:
        """Curated clips of action units."""
        return self.root / "data" / "ratseizure" / "clips"

    @property
    def units_clips(self) -> Path:
        """The manifest of clips in which action units are localized."""
        return self.root / "data" / "ratseizure" / "clips.parquet"

    @property
    def units_events(self) -> Path:
        """The action units of those clips, with start and end: a table 'events'."""
        return self.root / "data" / "ratseizure" / "events.parquet"

    @property
    def units_folds(self) -> Path:
        """Which fold such a clip belongs to."""
        return self.root / "data" / "ratseizure" / "folds.parquet"

    @property
    def units_features(self) -> Path:
        """The snapshot of their stored sequences."""
        return self.root / "data" / "ratseizure" / "features.parquet"

    @property
    def i3d_stand_in(self) -> Path:
        """The narrow I3D that stands in for published weights, and what it has learned."""
        return self.root / "data" / "ratseizure" / "i3d_stand_in"

    @property
    def detector(self) -> Path:
        """The tiny detector of animals that the project makes itself, and what it has learned."""
        return self.root / "data" / "ratseizure" / "detector"

    @property
    def localize_results(self) -> Path:
        """What came of localization."""
        return self.results / "localize"

    @property
    def results(self) -> Path:
        """Tables, figures and the report."""
        return self.root / "results"

    @property
    def trials(self) -> Path:
        """One folder a trial: checkpoint, history, predictions, model. Kept between runs."""
        return self.root / "results" / "trials"

    @property
    def mlflow_database(self) -> Path:
        """The default MLflow database."""
        return self.root / "mlflow.db"
