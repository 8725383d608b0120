"""How sure a result is: intervals over subjects, curves, calibration, differences between rows.

A row is a recipe with its folds: a table ``predictions`` of every clip of the folds it has done.
Whatever is drawn again is drawn by subject, since the clips of one animal are alike. Intervals
and tests speak of other subjects and the models as they were trained, not of training again.
"""
