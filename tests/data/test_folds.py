from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.model_selection import StratifiedGroupKFold

from rodepil.config.settings import FoldSettings
from rodepil.data.folds import check_folds, how_dealt, make_folds
from rodepil.errors import DuplicateClip, FoldError, SubjectLeak
from rodepil.io import tables

Counts = dict[str, tuple[int, int]]


def manifest(counts: Counts, **changed: Callable[[int], object]) -> pa.Table:
    """Clips c000, c001, … of subjects with so many negatives and positives each."""
    labelled = [
        (subject, label)
        for subject, (negatives, positives) in counts.items()
        for label in [0] * negatives + [1] * positives
    ]
    rows = [
        {
            "clip_id": f"c{i:03}", "recording_id": f"r-{subject}", "subject_id": subject,
            "position": 1, "date": "Jan-14-2019", "video_id": f"M-{subject}",
            "start_frame": 300 * i, "end_frame": 300 * i + 300, "start_s": 10.0 * i,
            "duration_s": 10.0, "label": label, "kept": True,
        }
        | {name: value(i) for name, value in changed.items()}
        for i, (subject, label) in enumerate(labelled)
    ]  # fmt: skip
    return tables.from_rows("clips", rows)


def folds_by_subject(folds: pa.Table) -> dict[str, set[int]]:
    homes: dict[str, set[int]] = {}
    for row in folds.to_pylist():
        homes.setdefault(row["subject_id"], set()).add(row["fold"])
    return homes


SEVEN: Counts = {f"70-{i}": (6 + i, 2 + i) for i in range(7)}


def test_folds_are_those_of_scikit_learn() -> None:
    clips = manifest(SEVEN)
    labels, subjects = clips.column("label").to_numpy(), clips.column("subject_id").to_numpy()
    dealer = StratifiedGroupKFold(3, shuffle=True, random_state=4)
    folds = make_folds(clips, FoldSettings(k=3, seed=4))
    for fold, (_, test) in enumerate(dealer.split(labels, labels, subjects)):
        held = folds.filter(pa.compute.field("fold") == fold).column("clip_id").to_pylist()
        assert held == clips.column("clip_id").take(test).to_pylist()
    assert how_dealt(folds) == "by StratifiedGroupKFold with seed 4"


def test_folds_do_not_depend_on_the_order_of_rows() -> None:
    clips = manifest(SEVEN)
    shuffled = clips.take(np.random.default_rng(0).permutation(clips.num_rows))
    assert make_folds(shuffled, FoldSettings()).equals(make_folds(clips, FoldSettings()))


def test_another_seed_deals_other_folds() -> None:
    clips = manifest(SEVEN)
    dealt = {str(make_folds(clips, FoldSettings(k=3, seed=i)).column("fold")) for i in range(5)}
    assert len(dealt) > 1


@settings(max_examples=60, deadline=None)
@given(
    st.integers(2, 5),
    st.lists(st.tuples(st.integers(1, 9), st.integers(1, 5)), min_size=5, max_size=9),
    st.integers(0, 2**40),
)
def test_no_subject_is_in_two_folds_and_every_fold_has_both_classes(
    k: int, sizes: list[tuple[int, int]], seed: int
) -> None:
    clips = manifest({f"rat{i}": size for i, size in enumerate(sizes)})
    folds = make_folds(clips, FoldSettings(k=k, seed=seed))
    assert folds.column("clip_id").to_pylist() == clips.column("clip_id").to_pylist()
    assert all(len(homes) == 1 for homes in folds_by_subject(folds).values())
    label_of = dict(
        zip(clips.column("clip_id").to_pylist(), clips.column("label").to_pylist(), strict=True)
    )
    for fold in range(k):
        held = folds.filter(pa.compute.field("fold") == fold).column("clip_id").to_pylist()
        assert {label_of[clip] for clip in held} == {0, 1}


def test_as_many_seizing_subjects_as_folds_are_enough() -> None:
    sizes = [(3, 1), (7, 6), (3, 6), (11, 0), (2, 0), (1, 0)]
    clips = manifest({f"rat{i}": size for i, size in enumerate(sizes)})
    labels, subjects = clips.column("label").to_numpy(), clips.column("subject_id").to_numpy()
    for seed in range(20):  # scikit-learn leaves a fold without a seizure under every seed
        dealer = StratifiedGroupKFold(3, shuffle=True, random_state=seed)
        assert any(len(set(labels[test])) < 2 for _, test in dealer.split(labels, labels, subjects))
    folds = make_folds(clips, FoldSettings(k=3))
    assert all(row.positives and row.negatives for row in check_folds(clips, folds).rows)
    assert how_dealt(folds) == "by turns, as seeds 0 to 19 left a fold with one class"


def test_only_kept_clips_get_a_fold() -> None:
    clips = manifest(SEVEN, kept=lambda i: i % 4 != 0)
    folds = make_folds(clips, FoldSettings(k=3))
    kept = clips.filter(pa.compute.field("kept")).column("clip_id").to_pylist()
    assert folds.column("clip_id").to_pylist() == kept


def test_leave_one_subject_out_gives_each_subject_a_fold() -> None:
    folds = make_folds(manifest(SEVEN), FoldSettings(method="leave_one_subject_out"))
    assert folds_by_subject(folds) == {f"70-{i}": {i} for i in range(7)}


def test_leave_one_subject_out_refuses_a_subject_of_one_class() -> None:
    clips = manifest(SEVEN | {"70-9": (5, 0)})
    with pytest.raises(FoldError, match=r"test side of fold 7 \(subjects 70-9\) has 5 negative"):
        make_folds(clips, FoldSettings(method="leave_one_subject_out"))


@pytest.mark.parametrize(
    ("counts", "message"),
    [
        ({"a": (3, 3), "b": (3, 3)}, "the kept clips have 2 subjects and 2 subjects with pos"),
        ({f"r{i}": (3, i < 3) for i in range(8)}, "have 3 subjects with positive clips"),
        ({f"r{i}": (i < 2, 3) for i in range(8)}, "have 2 subjects with negative clips"),
        ({f"r{i}": (3, 0) for i in range(8)}, "at least 2 of each; add recordings"),
    ],
)
def test_what_no_dealing_can_mend_is_refused_with_the_remedy(counts: Counts, message: str) -> None:
    with pytest.raises(FoldError, match=message):
        make_folds(manifest(counts), FoldSettings(k=5))


def test_all_that_folds_lack_is_said_at_once_with_the_most_that_can_be() -> None:
    counts = {"a": (0, 3), "b": (0, 1), "c": (0, 2), "d": (2, 0), "e": (2, 2), "f": (1, 1)}
    clips = manifest(counts, drop_reason=lambda _: None)
    still = manifest({"a": (4, 0)}, kept=lambda _: False, drop_reason=lambda _: "still").to_pylist()
    rows = [*clips.to_pylist(), *({**row, "clip_id": row["clip_id"] + "s"} for row in still)]
    clips = tables.from_rows("clips", rows)
    with pytest.raises(FoldError) as refused:
        make_folds(clips, FoldSettings(k=6))
    said = str(refused.value)
    assert "have 5 subjects with positive clips and 3 subjects with negative clips" in said
    assert "(without positive clips: d; without negative clips: a, b, c; 4 still windows" in said
    assert "set folds.k to 3 or less" in said
    assert "rodepil data summary" in said
    assert len(check_folds(clips, make_folds(clips, FoldSettings(k=3))).rows) == 3
    with pytest.raises(FoldError):
        make_folds(clips, FoldSettings(k=4))


def test_no_kept_clip_is_refused() -> None:
    with pytest.raises(FoldError, match="none of the manifest's 98 clips is kept"):
        make_folds(manifest(SEVEN, kept=lambda _: False), FoldSettings())


def test_a_label_that_is_neither_0_nor_1_is_refused() -> None:
    with pytest.raises(FoldError, match=r"labels \[2\]"):
        make_folds(manifest(SEVEN, label=lambda i: i % 3), FoldSettings())


def test_two_clips_with_one_id_are_refused() -> None:
    with pytest.raises(DuplicateClip, match="c000"):
        make_folds(manifest(SEVEN, clip_id=lambda i: f"c{i // 2:03}"), FoldSettings())


@pytest.mark.parametrize("suffix", ["csv", "parquet"])
def test_a_users_table_is_taken(tmp_path: Path, suffix: str) -> None:
    clips = manifest({str(70 + i): (3, 2) for i in range(4)})  # names that look like numbers
    path = tmp_path / f"folds.{suffix}"
    if suffix == "csv":
        path.write_text("fold,note,subject_id\n0,x,70\n1,y,71\n1,z,72\n0,,73\n")
    else:
        pq.write_table(pa.table({"subject_id": [70, 71, 72, 73], "fold": [0, 1, 1, 0]}), path)
    folds = make_folds(clips, FoldSettings(method="table", table=str(path)))
    assert folds_by_subject(folds) == {"70": {0}, "71": {1}, "72": {1}, "73": {0}}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("subject_id,fold\na,0\nb,1\n", r"gives no fold to \['c'\]"),
        ("subject_id,fold\na,0\nb,1\nc,1\nz,0\n", r"does not know: \['z'\]"),
        ("subject_id,fold\na,0\nb,1\nc,1\na,0\na,1\n", "subject a into folds 0 and 1; give it"),
        ("subject_id,fold\na,0\nb,one\nc,1\n", "can't be read as a fold table"),
        ("subject,fold\na,0\nb,1\nc,1\n", "can't be read as a fold table"),
        ("subject_id,fold\na,0\nb,\nc,1\n", "leaves a subject_id or a fold empty"),
        ("subject_id,fold\na,1\nb,2\nc,2\n", r"got folds \[1, 2\]"),
        ("subject_id,fold\na,0\nb,0\nc,0\n", r"got folds \[0\]"),
        ("", "can't be read as a fold table"),
    ],
)
def test_a_users_table_that_does_not_fit_is_refused(
    tmp_path: Path, text: str, message: str
) -> None:
    path = tmp_path / "folds.csv"
    path.write_text(text)
    clips = manifest({"a": (3, 2), "b": (3, 2), "c": (3, 2)})
    with pytest.raises(FoldError, match=message):
        make_folds(clips, FoldSettings(method="table", table=str(path)))


def test_older_folds_of_the_pipeline_are_a_users_table(tmp_path: Path) -> None:
    older = manifest({str(70 + i): (3, 2) for i in range(4)})
    dealt = make_folds(older, FoldSettings(k=2, seed=3))
    path = tmp_path / "folds.parquet"
    tables.write("folds", dealt, path)
    newer = manifest({str(70 + i): (5, 4) for i in range(4)})
    taken = make_folds(newer, FoldSettings(method="table", table=str(path)))
    assert folds_by_subject(taken) == folds_by_subject(dealt)
    assert taken.num_rows == 36


def test_a_users_table_that_is_not_there_is_refused(tmp_path: Path) -> None:
    wanted = FoldSettings(method="table", table=str(tmp_path / "none.csv"))
    with pytest.raises(FoldError, match=r"none\.csv is not there"):
        make_folds(manifest(SEVEN), wanted)


def test_a_report_counts_what_each_fold_tests(tmp_path: Path) -> None:
    clips = manifest({"a": (3, 1), "b": (4, 2), "c": (5, 3)})
    path = tmp_path / "folds.csv"
    path.write_text("subject_id,fold\na,0\nb,1\nc,0\n")
    report = check_folds(clips, make_folds(clips, FoldSettings(method="table", table=str(path))))
    rows = [(row.fold, row.subjects, row.negatives, row.positives) for row in report.rows]
    assert rows == [(0, ("a", "c"), 8, 4), (1, ("b",), 4, 2)]
    assert report.shared == ()
    assert "fold 1: 1 subject (b), 4 negative and 2 positive clips" in str(report)


def test_recordings_shared_between_folds_are_named() -> None:
    clips = manifest(
        {"a": (3, 3), "b": (3, 3)}, video_id=lambda i: "M2U00244" if i % 2 else f"v{i}"
    )
    report = check_folds(clips, make_folds(clips, FoldSettings(k=2)))
    assert [(one.date, one.video_id, one.folds) for one in report.shared] == [
        ("Jan-14-2019", "M2U00244", (0, 1))
    ]
    assert "1 recording shows animals of several folds (Jan-14-2019 M2U00244)" in str(report)


def test_stale_folds_are_refused() -> None:
    clips = manifest(SEVEN)
    folds = make_folds(clips, FoldSettings(k=3))
    with pytest.raises(FoldError, match=r"stale: 1 kept clips have no fold \(c097\) and 0 clips"):
        check_folds(clips, folds.slice(0, 97))
    with pytest.raises(FoldError, match=r"and 1 clips with a fold are not kept \(c097\)"):
        check_folds(clips.slice(0, 97), folds)
    with pytest.raises(FoldError, match=r"holds clips twice \(c000\)"):
        check_folds(clips, pa.concat_tables([folds, folds.slice(0, 1)]))
    with pytest.raises(FoldError, match="clip c000 is of subject 70-0 there and of other"):
        check_folds(manifest(SEVEN, subject_id=lambda _: "other"), folds)


def test_a_subject_in_two_folds_is_a_leak() -> None:
    clips = manifest(SEVEN)
    rows = make_folds(clips, FoldSettings(k=3)).to_pylist()
    rows[0]["fold"] = (rows[0]["fold"] + 1) % 3
    with pytest.raises(SubjectLeak, match=r"subject 70-0 is in folds \[\d, \d\]; run 'rodepil"):
        check_folds(clips, tables.from_rows("folds", rows))


@pytest.mark.parametrize(
    "parents",
    [
        {20: "c000"},  # a clip of another subject derived from the first
        {0: "gone", 20: "gone"},  # two derived from one that is no longer there
        {0: "c040", 40: "c060", 60: "c020"},  # over two others
        {0: "c020", 20: "c000"},  # in a circle
    ],
)
def test_a_derived_clip_in_another_fold_than_its_parent_is_a_leak(parents: dict[int, str]) -> None:
    clips = manifest(
        {"a": (15, 5), "b": (15, 5), "c": (15, 5), "d": (15, 5)}, parent_clip_id=parents.get
    )
    with pytest.raises(SubjectLeak, match="derive from one clip"):
        make_folds(clips, FoldSettings(method="leave_one_subject_out"))


def test_a_derived_clip_stays_with_its_subject() -> None:
    clips = manifest(SEVEN, parent_clip_id=lambda i: "c000" if i == 1 else None)
    folds = make_folds(clips, FoldSettings(k=3)).to_pylist()
    assert folds[0]["fold"] == folds[1]["fold"]
