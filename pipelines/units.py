"""Stage units: clips of action units with annotations, simulated or imported."""

from rodepil import stages
from rodepil.cli.run import run_stage

if __name__ == "__main__":
    run_stage(stages.units)
