"""RodEpil's published clips: fetched from their record, unpacked safely, and imported."""
