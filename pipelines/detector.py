"""Stage detector: a tiny network learns where the animal of a simulated cage is."""

from rodepil import stages
from rodepil.cli.run import run_stage

if __name__ == "__main__":
    run_stage(stages.detector)
