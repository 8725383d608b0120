"""Stage pretrain: a network learns simulated actions, a stand-in for published weights."""

from rodepil import stages
from rodepil.cli.run import run_stage

if __name__ == "__main__":
    run_stage(stages.pretrain)
