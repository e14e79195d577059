"""The one entry point: a command word goes to the command line, everything else opens the window."""

from __future__ import annotations

import sys

# Known here too, so that a window start need not import the command line; a test keeps the two equal.
COMMANDS = frozenset({"info", "check", "run", "export", "models", "plugins", "doctor", "demo"})
# How a packaged program is told to be the child that tries slides out; a test keeps it equal, too.
CHILD_WORD = "--probe-slides"
# And to be the process of a plugin.
PLUGIN_WORD = "--plugin-process"
_OPTIONS = frozenset({"--help", "-h", "--version"})


def main(arguments: list[str] | None = None) -> int:
    """Run PathView and return the process's exit code.

    Parameters
    ----------
    arguments
        Without the program's name; `sys.argv` when None.
    """
    words = sys.argv[1:] if arguments is None else arguments
    if words == [CHILD_WORD]:
        from pathview.slides.probe_child import main as try_slides

        try_slides()
        return 0
    if words == [PLUGIN_WORD]:
        from pathview.core.plugins.boot import main as run_plugin

        run_plugin()
        return 0
    if words and (words[0] in COMMANDS or words[0] in _OPTIONS):
        from pathview.cli.main import main as run_command

        return run_command(words)
    from pathview.app.start import run as run_window

    return run_window(words)


if __name__ == "__main__":
    sys.exit(main())
