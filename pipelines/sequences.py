"""Stage sequences: features over windows that slide along the clips go to the store."""

from rodepil import stages
from rodepil.cli.run import run_stage

if __name__ == "__main__":
    run_stage(stages.sequences)
