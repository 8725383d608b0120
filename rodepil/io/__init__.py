"""Files in and out: names, tables, videos, and publishing whole or not at all."""
