"""How a command ends: its exit code, and one sentence in place of a traceback."""

import json
import os
import sys
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from bert4rec_tui.errors import UserError, WorkFailedError


@contextmanager
def answering(as_json: bool) -> Generator[None]:
    """Turn how a command ends into one sentence and an exit code: 1 failed, 2 wrong request, 130 interrupted."""
    try:
        yield
    except UserError as error:
        code, sentence = 2, str(error)
    except WorkFailedError as error:
        code, sentence = 1, str(error)
    except KeyboardInterrupt:
        raise SystemExit(130) from None
    except BrokenPipeError:
        # Whoever read our output has had enough; nothing is left to flush it to.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise SystemExit(1) from None
    except OSError as error:
        # A folder without permission, a full disk: wherever it shows, the person is told and not shown our code.
        from bert4rec_tui.files import explain_os_error

        code, sentence = 2, str(explain_os_error(error, Path(str(error.filename or "a file"))))
    else:
        return
    from bert4rec_tui.commands.output import harmless

    text = json.dumps({"error": sentence}) if as_json else harmless(f"bert4rec-tui: {sentence}".replace("\n", " "))
    print(text, file=sys.stderr, flush=True)
    raise SystemExit(code)
