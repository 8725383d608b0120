"""Stage controls: cross-validations without something, to see what the model has learned."""

from rodepil import stages
from rodepil.cli.run import run_stage

if __name__ == "__main__":
    run_stage(stages.controls)
