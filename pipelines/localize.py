"""Stage localize: one trial a fold for RaSeformer and what it is compared with, recorded."""

from rodepil import stages
from rodepil.cli.run import run_stage

if __name__ == "__main__":
    run_stage(stages.localize)
