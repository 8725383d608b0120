"""Speed and memory against others' code: both sides by turns, in one run, on the same input."""
