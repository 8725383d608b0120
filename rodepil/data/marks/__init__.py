"""Annotators' marks: read from sheets and BORIS exports, placed, compared, merged.

``marks.parquet`` beside a source's tables keeps what each annotator marked, ``watched.parquet``
what each has looked at; ``annotations.parquet`` is made of the two and can be made again.
"""
