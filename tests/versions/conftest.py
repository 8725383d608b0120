"""A project with two versions of its data, and clones of it, each driven by Git and DVC."""

from __future__ import annotations

import hashlib
import os
import shlex
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from tests.versions.warm import Warm

REPOSITORY = Path(__file__).parents[2]
PAGE = REPOSITORY / "docs" / "versions.md"
LAST_STAGE = "folds"
SIMULATED = {
    "subjects": 4,
    "recordings": 2,
    "cages_min": 2,
    "cages_max": 2,
    "duration_s": 30,
    "seizures_per_cage_hour": 120,
    "fps": 10,
}
CURATED = {
    "clip_duration_s": 5,
    "fps": 10,
    "size_px": 64,
    "min_overlap_s": 1,
    "motion_min_share": 0,
}
NOTHING: Mapping[str, str] = {}
YAML_FILE = YAML()
WARM = Warm()


def block(heading: str, number: int = 0) -> list[str]:
    """Return the commands of a section of docs/versions.md, those of its block `number`."""
    section = PAGE.read_text(encoding="utf-8").split(f"\n## {heading}\n")[1].split("\n## ")[0]
    blocks = [part.split("```")[0] for part in section.split("```sh\n")[1:]]
    return blocks[number].splitlines()


def digests(folder: Path, files: Iterable[Path]) -> dict[str, str]:
    """Return the digests of files by their paths in `folder`; locks hold nothing."""
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(files)
        if path.name != "lock"
    }


def contents(folder: Path) -> dict[str, str]:
    """Return the digest of every file under `folder`."""
    return digests(folder, (path for path in folder.rglob("*") if path.is_file()))


@dataclass
class Clone:
    """A working copy and the environment that its commands run in."""

    folder: Path
    environment: dict[str, str]
    said: list[str] = field(default_factory=list)

    @property
    def data(self) -> Path:
        return self.folder / "data"

    @property
    def folds(self) -> bytes:
        return (self.data / "folds.parquet").read_bytes()

    def held(self) -> dict[str, str]:
        """Return the digests of what the stages wrote for DVC, by path."""
        stages = YAML_FILE.load(self.folder / "dvc.yaml")["stages"].values()
        outs = [out for stage in stages for out in stage.get("outs", ())]
        paths = [self.folder / (out if isinstance(out, str) else next(iter(out))) for out in outs]
        files = [file for path in paths for file in (path, *path.rglob("*")) if file.is_file()]
        return digests(self.folder, files)

    def run(self, line: str, status: int = 0) -> str:
        """Run one command, as it would be typed, and return what it says."""
        words = shlex.split(line)
        # The clone's own copy of the package, as where it is installed from there.
        environment = self.environment | {"PYTHONPATH": str(self.folder)}
        if words[0] == "dvc":
            code, said = WARM.run(words[1:], self.folder, environment)
        else:
            code, said = self._start(words, environment)
        assert code == status, f"{line}\n{said}"
        self.said.append(said)
        return said

    def _start(self, words: list[str], environment: dict[str, str]) -> tuple[int, str]:
        tools = {"python": [sys.executable]}
        done = subprocess.run(
            [*tools.get(words[0], words[:1]), *words[1:]],
            cwd=self.folder,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        return done.returncode, done.stdout

    def follow(self, lines: list[str], replacing: Mapping[str, str] = NOTHING) -> str:
        """Run the lines of a block, with other words in place of the page's."""
        said = []
        for line in lines:
            for old, new in replacing.items():
                line = line.replace(old, new)  # noqa: PLW2901 - the same line in other words
            if line.startswith("cd "):
                self.folder = self.folder / line.removeprefix("cd ")
            else:
                said.append(self.run(line))
        return "\n".join(said)

    def set(self, section: str, **values: object) -> None:
        """Change values of a section of params.yaml."""
        path = self.folder / "params.yaml"
        tree = YAML_FILE.load(path)
        tree[section].update(values)
        YAML_FILE.dump(tree, path)


@dataclass(frozen=True)
class Project:
    """The project whose data has two versions; `before` is what was held at the first."""

    clone: Clone
    store: Path
    before: Mapping[str, str]
    before_folds: bytes


def copy_project(folder: Path) -> None:
    """Copy code, settings and the first stages of the pipeline, at a small scale."""
    hidden = shutil.ignore_patterns("__pycache__", ".*.tmp*")
    for name in ("rodepil", "pipelines", "experiments"):
        shutil.copytree(REPOSITORY / name, folder / name, ignore=hidden)
    (folder / "data" / "imported").mkdir(parents=True)
    (folder / "results").mkdir()
    for name in (".gitignore", ".dvcignore", "data/imported/README.md", "results/.gitignore"):
        shutil.copy(REPOSITORY / name, folder / name)
    pipeline = YAML_FILE.load(REPOSITORY / "dvc.yaml")
    names = list(pipeline["stages"])
    for name in names[names.index(LAST_STAGE) + 1 :]:
        del pipeline["stages"][name]
    del pipeline["plots"]
    YAML_FILE.dump(pipeline, folder / "dvc.yaml")
    params = YAML_FILE.load(REPOSITORY / "params.yaml")
    params["data"]["simulate"].update(SIMULATED)
    params["curate"].update(CURATED)
    params["folds"]["k"] = 2
    YAML_FILE.dump(params, folder / "params.yaml")


def start(folder: Path, environment: dict[str, str]) -> Clone:
    """Make a project under Git and DVC."""
    copy_project(folder)
    made = Clone(folder, environment)
    made.run("git init -q -b main")
    made.run("dvc init -q")
    return made


@pytest.fixture(scope="session", autouse=True)
def _warm() -> Iterator[None]:
    yield
    WARM.close()


@pytest.fixture(scope="session")
def environment(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Return an environment in which nothing of this machine's Git and DVC is seen."""
    home = tmp_path_factory.mktemp("home")
    names = ("GIT_AUTHOR_NAME", "GIT_COMMITTER_NAME", "GIT_AUTHOR_EMAIL", "GIT_COMMITTER_EMAIL")
    kept = {key: value for key, value in os.environ.items() if not key.startswith("AWS_")}
    return (
        kept
        | dict.fromkeys(names, "lab@example.org")
        | {
            "HOME": str(home),
            "GIT_CONFIG_GLOBAL": os.devnull,
            "GIT_CONFIG_SYSTEM": os.devnull,
            "DVC_NO_ANALYTICS": "1",
            "DVC_GLOBAL_CONFIG_DIR": str(home / "global"),
            "DVC_SYSTEM_CONFIG_DIR": str(home / "system"),
            "DVC_SITE_CACHE_DIR": str(home / "site"),
            # The stages' own 'python' is the one of the tests.
            "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        }
    )


@pytest.fixture(scope="session")
def project(tmp_path_factory: pytest.TempPathFactory, environment: dict[str, str]) -> Project:
    """Return a project with two versions of its folds, both pushed to a folder."""
    folder = tmp_path_factory.mktemp("versions")
    store = folder / "a store"
    made = start(folder / "project", environment)
    made.run("dvc repro")
    made.run("git add -A")
    made.follow(block("Keep versions in a folder"), {"/nas/rodepil": f"'{store}'"})
    made.run("git tag folds-february")
    before, before_folds = made.held(), made.folds
    made.set("folds", method="leave_one_subject_out")
    made.run("dvc repro")
    made.run("git commit -q -a -m 'Deal the folds anew'")
    made.run("dvc push")
    return Project(made, store, before, before_folds)


@pytest.fixture
def clone(project: Project, tmp_path: Path) -> Callable[[str], Clone]:
    """Return a function that clones the project's repository, without any data."""

    def make(name: str) -> Clone:
        made = Clone(tmp_path, project.clone.environment)
        made.run(f"git clone -q '{project.clone.folder}' '{name}'")
        made.folder = tmp_path / name
        return made

    return make


@pytest.fixture(scope="session")
def pulled(project: Project, tmp_path_factory: pytest.TempPathFactory) -> Clone:
    """Return a clone made and filled by the page's commands, to read from alone."""
    made = Clone(tmp_path_factory.mktemp("pulled"), project.clone.environment)
    made.follow(block("Get the data in a fresh clone"), {"URL": f"'{project.clone.folder}'"})
    return made
