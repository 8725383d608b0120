"""Stage units_clips: clips of action units are curated, and dealt to folds."""

from rodepil import stages
from rodepil.cli.run import run_stage

if __name__ == "__main__":
    run_stage(stages.units_clips)
