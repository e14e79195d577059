"""`pathview COMMAND`: data to stdout, messages to stderr, exit codes 0, 1, 2 and 130."""

from __future__ import annotations

import io
import os
import sys
from typing import Annotated

import typer

import pathview
from pathview.cli import check, demo, doctor, export, info, models, plugins, run
from pathview.cli.messages import say
from pathview.core.errors import PathViewError
from pathview.core.log import set_up
from pathview.startup.offer import offer_readers

_INTERRUPTED = 130

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
app.command("check")(check.check)
app.command("run")(run.run)
app.add_typer(export.app, name="export")
app.add_typer(models.app, name="models")
app.add_typer(plugins.app, name="plugins")
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
    offer_readers()


def main(arguments: list[str]) -> int:
    """Run one command and return the exit code: 0 ok, 1 an input failed, 2 usage, 130 interrupted.

    Parameters
    ----------
    arguments
        Without the program's name.
    """
    _print_any_name()
    streams = sys.stdout, sys.stderr
    try:
        code = _invoke(arguments)
        # Here, where a closed pipe can be caught, and not at the end of the process, where it prints a trace.
        sys.stdout.flush()
    except BrokenPipeError:
        # The reader of our output, a pager for example, has had enough; that is no failure of ours.
        sys.stdout, sys.stderr = streams
        _print_to_nobody()
        return 0
    return code


def _invoke(arguments: list[str]) -> int:
    try:
        app(arguments, prog_name="pathview", standalone_mode=True)
    except SystemExit as end:
        # typer ends the process itself on Ctrl-C and on a closed pipe, both without a word.
        if isinstance(end.__context__, BrokenPipeError):
            raise end.__context__ from None
        if end.code == _INTERRUPTED:
            say("interrupted")
        return end.code if isinstance(end.code, int) else 1
    except PathViewError as error:
        say(str(error))
        return 1
    except BrokenPipeError:
        raise
    except OSError as error:
        named = "" if error.filename is None else f"{error.filename}: "
        say(f"{named}{error.strerror or error}")
        return 1
    except KeyboardInterrupt:
        say("interrupted")
        return _INTERRUPTED
    return 0


def _print_any_name() -> None:
    # File names need not be text; what the terminal cannot show is escaped, in JSON as JSON escapes it.
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")


def _print_to_nobody() -> None:
    # Otherwise the interpreter tries to print what is left when it ends.
    nobody = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nobody, sys.stdout.fileno())
    os.close(nobody)
