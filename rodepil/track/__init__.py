"""What a run records, and where: MLflow, a local journal, or several at once."""

from rodepil.track.opening import missing_database, open_services, open_tracker
from rodepil.track.protocol import Run, RunStatus, Tracker

__all__ = ["Run", "RunStatus", "Tracker", "missing_database", "open_services", "open_tracker"]
