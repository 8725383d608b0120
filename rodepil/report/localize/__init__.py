"""Action units in time: how well they are localized, as a part of the report."""

from rodepil.report.localize.chapter import LocalizeChapter, localize_chapter

__all__ = ["LocalizeChapter", "localize_chapter"]
