"""How many of one unit make another."""

from __future__ import annotations

S_PER_H = 3600
S_PER_MIN = 60
BYTES_PER_GB = 1_000_000_000
