"""Recordings of cages with rats that behave and seize, with their true annotations."""
