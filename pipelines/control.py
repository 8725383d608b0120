"""Stage control: the same cross-validation on one frame repeated, to see what motion adds."""

from rodepil import stages
from rodepil.cli.run import run_stage

if __name__ == "__main__":
    run_stage(stages.control)
