"""Sources, cages, curation, motion, folds and the split guard."""
