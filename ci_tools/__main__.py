"""The command line: arguments become one call, its result an exit code (0 pass, 1 fail, 2, 3, 4)."""

import sys
from collections.abc import Sequence

from ci_tools.errors import CampaignError, ExitCode
from ci_tools.process.stopping import signals_stop, signals_wait
from ci_tools.process.streams import drop_unwritten, open_streams


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return what the process should exit with; without *argv*, all that it does."""
    open_streams()
    try:
        with signals_stop(last=argv is None):
            return _run(argv)
    except CampaignError as error:
        _say_error(f"ci-tools: {error}")
        return error.exit_code
    except KeyboardInterrupt as stop:
        print(f"ci-tools: interrupted {stop}".rstrip(), file=sys.stderr)
        return ExitCode.INCONCLUSIVE
    except BrokenPipeError:
        # The reader of our output has gone; what was asked for may be undone, so it is no pass.
        return ExitCode.INCONCLUSIVE
    except Exception:  # noqa: BLE001 - the last resort: a defect has an exit code of its own
        _say_defect()
        return ExitCode.DEFECT
    finally:
        drop_unwritten()


def _run(argv: Sequence[str] | None) -> int:
    # Most of the time that a short command takes: signals are heard from here on.
    with signals_wait():
        from ci_tools.arguments import parser  # noqa: PLC0415 - heavy
        from ci_tools.commands.table import COMMANDS  # noqa: PLC0415 - heavy

    arguments = parser().parse_args(argv)
    exit_code = int(COMMANDS[arguments.command](arguments))
    sys.stdout.flush()
    return exit_code


def _say_error(text: str) -> None:
    from ci_tools.commands.console import say_error  # noqa: PLC0415 - heavy, with all that masks secrets

    say_error(text)


def _say_defect() -> None:
    import traceback  # noqa: PLC0415 - half of what is imported before signals are heard

    _say_error(traceback.format_exc())
    _say_error("ci-tools: this is a defect of ci-tools, not of the deployed system; no verdict")


if __name__ == "__main__":
    sys.exit(main())
