"""Stage features: the view that models train on is materialized into the store."""

from rodepil import stages
from rodepil.cli.run import run_stage

if __name__ == "__main__":
    run_stage(stages.features)
