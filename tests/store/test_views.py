"""What makes a view the view that it is, and how one is found."""

from __future__ import annotations

import hashlib
import json
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import ClassVar

import av
import cv2
import numpy as np
import pytest

from rodepil.config.settings import FeatureSettings
from rodepil.errors import FeatureError, SettingError
from rodepil.io.clip_frames import ClipFrame, ClipSpan
from rodepil.store import FeatureStore, views
from rodepil.store.shards import folder_name
from rodepil.store.views import Column, Row, View, registry
from rodepil.store.views.frames import FrameView
from rodepil.store.views.motion import MotionView
from tests.store.conftest import ClipFolder


class Brightness(View):
    """How light each frame is: all that a new kind of view takes."""

    kind: ClassVar[str] = "brightness"
    code_version: ClassVar[int] = 1

    size_px: int = 48

    @property
    def columns(self) -> Mapping[str, Column]:
        return {"mean": Column("float32", (None,))}

    def made_with(self) -> str:
        return "hand"

    def tap(self, span: ClipSpan) -> _Means:
        return _Means(self.size_px, span.n_frames)


class _Means:
    def __init__(self, size_px: int, n_frames: int) -> None:
        self.size_px, self.means = size_px, np.zeros(n_frames, np.float32)

    def add(self, frame: ClipFrame) -> None:
        self.means[frame.number] = frame.pixels(self.size_px, "rgb").mean()

    def finish(self) -> Row:
        return {"mean": self.means}


@pytest.fixture
def _kinds(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Forget afterwards what a test registers."""
    views.kind_of("motion")
    monkeypatch.setattr(registry, "_KINDS", dict(registry._KINDS))
    yield
    sys.modules.pop("lab_views", None)


def digest(*parts: object) -> str:
    text = json.dumps(parts, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def test_a_key_is_the_digest_of_content_settings_code_and_decoder() -> None:
    codec, scale = (
        ".".join(str(number) for number in av.library_versions[name])
        for name in ("libavcodec", "libswscale")
    )
    libraries = (
        f"av {av.__version__}, cv2 {cv2.__version__}, libavcodec {codec}, libswscale {scale}"
    )
    settings = {"frames": 8, "size_px": 112, "colour": "rgb", "pairs": "none", "gap": 1}
    identity = digest("frames", settings, FrameView.code_version, libraries, {})[:16]
    view = FrameView(frames=8, size_px=112)
    assert view.identity() == identity
    assert folder_name(view) == f"frames-{identity}"
    assert view.key("ab" * 32) == digest("ab" * 32, identity)[:32]


def test_another_setting_version_weight_or_clip_gives_another_key() -> None:
    class Newer(FrameView):
        code_version: ClassVar[int] = FrameView.code_version + 1

    class Redecoded(FrameView):
        def made_with(self) -> str:
            return "another decoder"

    class Learned(FrameView):
        def made_of(self) -> Mapping[str, str]:
            return {"weights": "cd" * 32}

    at_hand = [
        FrameView(),
        FrameView(frames=8),
        FrameView(size_px=32),
        FrameView(colour="grey"),
        FrameView(pairs="native"),
        FrameView(pairs="native", gap=2),
        FrameView(pairs="sampled"),
        Newer(),
        Redecoded(),
        Learned(),
        MotionView(),
        MotionView(low_hz=2),
        MotionView(high_hz=12),
        MotionView(size_px=224),
    ]
    keys = {view.key(sha) for view in at_hand for sha in ("0" * 64, "1" * 64)}
    assert len(keys) == 2 * len(at_hand)


def test_a_name_is_no_part_of_what_a_view_is() -> None:
    plain, named = FrameView(frames=8), FrameView(frames=8, name="eight")
    assert (plain.name, named.name) == ("frames", "eight")
    assert plain.identity() == named.identity()
    assert "name" not in named.settings


@pytest.mark.usefixtures("_kinds")
def test_a_new_kind_takes_one_class_and_no_change_elsewhere(
    folder: ClipFolder, store: FeatureStore
) -> None:
    views.register(Brightness)
    settings = FeatureSettings(view="frames", frames=4, size_px=32)
    made = views.declared_views(settings, {"light": {"kind": "brightness", "size_px": 48}})
    assert made == [FrameView(frames=4, size_px=32), Brightness(name="light")]
    summary = store.materialize(made, folder.manifest, processes=1)
    assert summary.computed == {"frames": 16, "light": 16}
    for clip_id, row in zip(folder.videos, store.rows("light", folder.videos), strict=True):
        expected = folder.videos[clip_id].reshape(30, -1).mean(axis=1)
        assert row["mean"] == pytest.approx(expected, rel=1e-5)
    lists = store.read("light", ["c000", "c009"]).column("mean").to_pylist()
    assert [len(each) for each in lists] == [30, 30]


@pytest.mark.usefixtures("_kinds")
def test_a_kind_of_another_package_is_found_by_its_entry_point(
    folder: ClipFolder, store: FeatureStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = Path(__file__).read_text(encoding="utf-8")
    body = source[source.index("class Brightness") : source.index("@pytest.fixture")]
    imports = (
        "from __future__ import annotations\nfrom collections.abc import Mapping\n"
        "from typing import ClassVar\nimport numpy as np\n"
        "from rodepil.io.clip_frames import ClipFrame, ClipSpan\n"
        "from rodepil.store.views import Column, Row, View, register\n@register\n"
    )
    (tmp_path / "lab_views.py").write_text(imports + body.replace('"brightness"', '"lab_light"'))
    described = tmp_path / "lab_views-1.0.dist-info"
    described.mkdir()
    (described / "METADATA").write_text("Metadata-Version: 2.1\nName: lab-views\nVersion: 1.0\n")
    (described / "entry_points.txt").write_text("[rodepil.views]\nlab_light = lab_views\n")
    with pytest.raises(FeatureError, match=r"no kind of view is called 'lab_light'"):
        views.kind_of("lab_light")
    monkeypatch.syspath_prepend(str(tmp_path))
    view = registry.make_view("light", "lab_light", {"size_px": 48})
    summary = store.materialize([view], folder.manifest, processes=2)
    assert summary.computed == {"light": 16}
    (row,) = store.rows("light", ["c003"])
    assert row["mean"] == pytest.approx(folder.videos["c003"].reshape(30, -1).mean(axis=1))


def test_kinds_are_found_by_name_and_no_two_share_one() -> None:
    assert views.kind_of("frames") is FrameView
    assert views.kind_of("motion") is MotionView
    with pytest.raises(
        FeatureError, match=r"no kind of view is called 'flow'; there are .*frames, .*motion"
    ):
        views.kind_of("flow")

    class Other(FrameView):
        pass

    with pytest.raises(ValueError, match="two kinds of view are called 'frames'"):
        views.register(Other)
    assert views.register(FrameView) is FrameView


def test_the_projects_settings_choose_the_view() -> None:
    view = views.training_view(FeatureSettings(view="frames", frames=8, size_px=32))
    assert view == FrameView(frames=8, size_px=32)
    assert (view.main, view.columns[view.main].fixed) == ("frames", (8, 3, 32, 32))


@pytest.mark.parametrize(
    ("declared", "says"),
    [
        ({"frames": {"kind": "frames"}}, "has the name of the view that models train on"),
        ({"": {"kind": "frames"}}, "a view called '', by which its files can't be called"),
        ({"a/b": {"kind": "frames"}}, "'a/b', by which .* a name without slashes"),
        ({".a": {"kind": "frames"}}, r"'\.a', by which .* begins with no dot"),
        ({"pairs": {"kind": "frames", "name": "two"}}, "a setting 'name'.* take it out"),
        ({"pairs": {"size_px": 8}}, "has no kind; add for example 'kind: frames'"),
        ({"pairs": {"kind": "frames", "siz_px": 8}}, r"did you mean 'size_px'\?\).*are colour, fr"),
        ({"pairs": {"kind": "frames", "gap": 0}}, r"views.pairs \(kind 'frames'\): gap"),
        (
            {"p": {"kind": "frames", "gap": 9}},
            r"views.p \(kind 'frames'\): gap 9 .* pairs is 'none'",
        ),
        ({"p": {"kind": "frames", "gap": 2, "pairs": "sampled"}}, "pairs is 'sampled'; set pairs"),
        ({"curve": {"kind": "motion", "low_hz": 15}}, "low_hz 15.0 is not below high_hz"),
    ],
)
def test_what_settings_do_not_fit_is_said(
    declared: dict[str, dict[str, object]], says: str
) -> None:
    with pytest.raises(SettingError, match=says):
        views.declared_views(FeatureSettings(), declared)
    with pytest.raises(FeatureError, match="no kind of view is called 'flow'"):
        views.declared_views(FeatureSettings(), {"pairs": {"kind": "flow"}})


@pytest.mark.parametrize(
    ("column", "fits", "does_not"),
    [
        (Column("uint8", (2, 3)), np.zeros((2, 3), np.uint8), np.zeros((3, 2), np.uint8)),
        (Column("float32", (None, 3)), np.zeros((7, 3), np.float32), np.zeros((7, 4), np.float32)),
        (Column("float32", ()), np.array(1, np.float32), np.array(1, np.float64)),
        (Column("float32", (None,)), np.zeros(0, np.float32), np.array(0, np.float32)),
    ],
)
def test_a_column_knows_what_fits_it(
    column: Column, fits: np.ndarray, does_not: np.ndarray
) -> None:
    assert column.fits(fits)
    assert not column.fits(does_not)
    assert column.size_bytes(len(fits) if fits.ndim else 0) == fits.nbytes
