"""Stage report: tables, figures and the page."""

from rodepil import stages
from rodepil.cli.run import run_stage

if __name__ == "__main__":
    run_stage(stages.report)
