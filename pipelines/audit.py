"""Stage audit: whether anything but behaviour gives the label away."""

from rodepil import stages
from rodepil.cli.run import run_stage

if __name__ == "__main__":
    run_stage(stages.audit)
