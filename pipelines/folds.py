"""Stage folds: subjects are dealt to folds."""

from rodepil import stages
from rodepil.cli.run import run_stage

if __name__ == "__main__":
    run_stage(stages.folds)
