"""Stage compare: the same on other modalities, and without something that a model may learn."""

from rodepil import stages
from rodepil.cli.run import run_stage

if __name__ == "__main__":
    run_stage(stages.compare)
