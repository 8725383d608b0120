"""What the data consists of: counts of whatever is there, and activity over the day."""

from rodepil.data.overview.activity import Activity, Mark, activity_of
from rodepil.data.overview.dataset import Dataset, read_dataset
from rodepil.data.overview.faults import Fault
from rodepil.data.overview.listing import Listed, list_recordings, read_imported
from rodepil.data.overview.summary import NOT_STATED, Recorded, Summary, summarize

__all__ = [
    "NOT_STATED",
    "Activity",
    "Dataset",
    "Fault",
    "Listed",
    "Mark",
    "Recorded",
    "Summary",
    "activity_of",
    "list_recordings",
    "read_dataset",
    "read_imported",
    "summarize",
]
