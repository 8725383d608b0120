"""Stage crossval: one trial a fold on Ray Train, recorded in MLflow."""

from rodepil import stages
from rodepil.cli.run import run_stage

if __name__ == "__main__":
    run_stage(stages.crossval)
