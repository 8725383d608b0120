"""Stage scratch: the same cross-validation from random weights, to see what pretraining adds."""

from rodepil import stages
from rodepil.cli.run import run_stage

if __name__ == "__main__":
    run_stage(stages.scratch)
