"""`pathview COMMAND`: data to stdout, messages to stderr, exit codes 0, 1, 2 and 130."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

import pathview
from pathview.cli import demo, doctor, export, info, models, run
from pathview.cli.messages import say
from pathview.core.errors import PathViewError
from pathview.core.log import set_up

HELP = """PathView, a whole-slide pathology viewer. For research use only.

pathview SLIDE opens a slide in the window; without a file the window opens empty.
"""

app = typer.Typer(
    help=HELP,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.command("info")(info.info)
app.command("run")(run.run)
app.add_typer(export.app, name="export")
app.add_typer(models.app, name="models")
app.command("doctor")(doctor.doctor)
app.command("demo")(demo.demo)


def _version(wanted: bool) -> None:
    if wanted:
        print(pathview.__version__)
        raise typer.Exit


@app.callback()
def _options(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
    verbose: Annotated[bool, typer.Option("--verbose", "-v", help="Say more on stderr.")] = False,
) -> None:
    set_up(verbose)


def main(arguments: list[str]) -> int:
    """Run one command and return the exit code: 0 ok, 1 an input failed, 2 usage, 130 interrupted.

    Parameters
    ----------
    arguments
        Without the program's name.
    """
    try:
        app(arguments, prog_name="pathview", standalone_mode=True)
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else 1
    except PathViewError as error:
        say(str(error))
        return 1
    except KeyboardInterrupt:
        say("interrupted")
        return 130
    except BrokenPipeError:
        # The reader of our output, a pager for example, has had enough; that is no failure of ours.
        sys.stderr.close()
        return 0
    return 0
