"""Predictions and runs become tables, figures and a report."""

from rodepil.report.figures import fold_figures
from rodepil.report.write import write_report

__all__ = ["fold_figures", "write_report"]
