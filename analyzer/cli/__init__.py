"""The command line: options in, pipeline called, renderer chosen, exit code out; no logic.

A module here with a `command` is one command of that name, so a new command is a new file. Nothing heavy is imported before
a command runs: `dnsloupe --help` needs click alone.
"""

from __future__ import annotations

import importlib
import importlib.util
import os
import pkgutil
import sys
from collections.abc import Sequence
from typing import NoReturn

import click

from analyzer import __version__
from analyzer.cli.exits import ERROR, INTERRUPTED, hush, say
from analyzer.errors import DnsloupeError

__all__ = ["cli", "main"]

_BEGIN = """
Begin with:  dnsloupe analyze CAPTURE

\b
Exit codes: 0 done, 1 a --fail-on condition is met, 2 usage, filter or input error,
3 partial (a cut capture; the result is printed), 130 interrupted.
"""


class Commands(click.Group):
    """Finds commands by looking into this folder; only the one that runs is imported."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        names = [info.name for info in pkgutil.iter_modules(__path__)]
        return sorted(name for name in names if self.get_command(ctx, name))

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        name = f"{__name__}.{cmd_name.replace('-', '_')}"
        if not cmd_name.isascii() or importlib.util.find_spec(name) is None:
            return None
        command = getattr(importlib.import_module(name), "command", None)
        return command if isinstance(command, click.Command) else None


@click.group(
    cls=Commands,
    epilog=_BEGIN,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110},
)
@click.version_option(__version__, "-V", "--version", prog_name="dnsloupe", message="%(prog)s %(version)s")
def cli() -> None:
    """Read DNS traffic out of packet captures and say what is wrong with it."""


def main(argv: Sequence[str] | None = None) -> NoReturn:
    """Run the command line and exit: one line on stderr for whatever goes wrong, never a traceback."""
    sys.exit(run(argv))


def run(argv: Sequence[str] | None = None) -> int:
    """The exit code of one run."""
    try:
        code = cli.main(args=None if argv is None else list(argv), prog_name="dnsloupe", standalone_mode=False)
        sys.stdout.flush()
    except click.exceptions.Exit as stop:
        return stop.exit_code
    except (click.Abort, KeyboardInterrupt):
        say("interrupted")
        return INTERRUPTED
    except click.ClickException as error:
        hint = error.ctx.command_path if isinstance(error, click.UsageError) and error.ctx else ""
        say(f"{error.format_message()}{f' (see {hint} --help)' if hint else ''}")
        return ERROR
    except DnsloupeError as error:
        say(str(error))
        return error.exit_code
    except (BrokenPipeError, SystemExit):  # click ends with SystemExit where nobody reads what is written
        hush()
        return 0
    except OSError as error:
        say(f"{error.filename or 'output'}: {(error.strerror or str(error)).lower()}")
        return ERROR
    except Exception as error:
        if os.environ.get("DNSLOUPE_DEBUG"):
            raise
        say(f"internal error: {type(error).__name__}: {error} (DNSLOUPE_DEBUG=1 shows where)")
        return ERROR
    return code if isinstance(code, int) else 0
