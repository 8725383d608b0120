"""A laboratory's own files: found, probed once, named, given a clock and joined to sessions."""
