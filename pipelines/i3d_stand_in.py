"""Stage i3d_stand_in: a narrow I3D learns simulated units, in place of published weights."""

from rodepil import stages
from rodepil.cli.run import run_stage

if __name__ == "__main__":
    run_stage(stages.i3d_stand_in)
