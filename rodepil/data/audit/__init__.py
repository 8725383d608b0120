"""The audit: whether anything but behaviour gives the label away."""

from rodepil.data.audit.items import AuditItem, clip_items, digest_of, source_items
from rodepil.data.audit.record import AuditRecord, read_record, save_record
from rodepil.data.audit.run import Audited, audit
from rodepil.data.audit.sharing import FoldSharing, fold_sharing

__all__ = [
    "AuditItem",
    "AuditRecord",
    "Audited",
    "FoldSharing",
    "audit",
    "clip_items",
    "digest_of",
    "fold_sharing",
    "read_record",
    "save_record",
    "source_items",
]
