"""Stage source: recordings with their cages and annotations, simulated or taken from a folder."""

from rodepil import stages
from rodepil.cli.run import run_stage

if __name__ == "__main__":
    run_stage(stages.source)
