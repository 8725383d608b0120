"""The command `rodepil`: every subcommand is registered here and lives in a module beside."""

from __future__ import annotations

import os
import sys
from typing import Annotated

import typer

from rodepil import __version__
from rodepil.cli import (
    annotations as marks,  # the name belongs to the future import
)
from rodepil.cli import (
    audit,
    bench,
    cages,
    data,
    features,
    importing,
    localize,
    models,
    published,
    ratseizure,
    region,
    runs,
    summary,
    system,
    trials,
    tune,
    vision,
    weights,
)
from rodepil.cli.run import DEBUG_VARIABLE, guarded

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    help="Video detection of seizures in rodents, from recordings to tracked results.",
)


def _show_version(wanted: bool) -> None:  # noqa: FBT001 - typer hands over the flag's value
    if wanted:
        typer.echo(f"rodepil {__version__}")
        raise typer.Exit


@app.callback()
def options(
    *,
    debug: Annotated[bool, typer.Option("--debug", help="Show tracebacks.")] = False,
    version: Annotated[
        bool,
        typer.Option("--version", callback=_show_version, is_eager=True, help="Show the version."),
    ] = False,
) -> None:
    """Set what holds for every command."""
    del version
    if debug:
        os.environ[DEBUG_VARIABLE] = "1"


app.add_typer(published.fetch_app, name="fetch", help="Download published recordings.")
import_app = typer.Typer(no_args_is_help=True)
import_app.command("recordings")(importing.recordings)
import_app.command("rodepil")(published.import_rodepil)
import_app.command("ratseizure")(ratseizure.import_ratseizure)
import_app.command("forget")(importing.forget)
app.add_typer(import_app, name="import", help="Take recordings into the source's tables.")
app.command("simulate")(data.simulate)
app.add_typer(marks.app, name="annotations", help="Take annotators' marks, compare and count them.")
app.add_typer(cages.app, name="cages", help="Draw, import, show and check the boxes of cages.")
app.add_typer(region.app, name="region", help="Find the animal in videos: one box, and mirrors.")
app.command("curate")(data.curate)
summary.app.command("ratseizure")(ratseizure.data_ratseizure)
app.add_typer(summary.app, name="data", help="Tell what data there is.")
app.command("audit")(audit.audit)
app.add_typer(data.folds_app, name="folds", help="Deal subjects to folds, and check them.")
app.add_typer(features.app, name="features", help="Make, tell, check and hand out features.")
app.add_typer(vision.app, name="vision", help="Show what networks see of clips.")
app.add_typer(weights.app, name="weights", help="Pretrained weights: list, inspect, convert.")
app.command("crossval")(trials.crossval)
app.command("tune")(tune.tune)
app.add_typer(runs.app, name="runs", help="List, show, compare and deliver recorded runs.")
app.command("report")(trials.report)
app.command("predict")(models.predict)
app.command("localize")(localize.localize)
app.add_typer(localize.score_app, name="score", help="Compare what was found with what is true.")
app.add_typer(bench.app, name="bench", help="Measure speed and memory against others' code.")
app.command("doctor")(system.doctor)


def main() -> None:
    """Run the command line and exit with its status."""
    sys.exit(guarded(app))
