"""Stage modalities: the same cross-validation on optical flow and on differences of frames."""

from rodepil import stages
from rodepil.cli.run import run_stage

if __name__ == "__main__":
    run_stage(stages.modalities)
