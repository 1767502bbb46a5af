"""A child that certifies a return and is killed on its way: `python -m tests.returns.killing DATABASE`.

It is told on its standard input, a line each, where to die: before statement 12, before the first commit. For each it
forks a process that kills itself there with a signal that nothing catches, and answers `killed` or, where the place
was never reached, `certified`, and then what had come by: the first word of each statement, and `file` for each file
that was opened to be written.
"""

import os
import signal
import sys
from collections.abc import Callable
from typing import Any

import django
from django.conf import settings


class Reaper:
    """Counts what comes by of each sort, and kills its own process before the one that it waits for."""

    def __init__(self, sort: str, number: int, answer: int) -> None:
        self.sort, self.number, self.answer = sort, number, answer
        self.counts: dict[str, int] = {}

    def sees(self, sort: str, word: str = "") -> None:
        self.counts[sort] = self.counts.get(sort, 0) + 1
        if sort == self.sort and self.counts[sort] == self.number:
            os.kill(os.getpid(), signal.SIGKILL)
        if word:
            os.write(self.answer, f"{word} ".encode())

    def statement(self, execute: Callable[..., Any], sql: str, *rest: Any) -> Any:
        self.sees("statement", sql.split(None, 1)[0])
        return execute(sql, *rest)

    def hook(self, event: str, arguments: tuple[Any, ...]) -> None:
        """Every file that Python opens to write, by whatever call."""
        if event == "open" and arguments[2] & (os.O_WRONLY | os.O_RDWR | os.O_CREAT):
            self.sees("file", "file")


def certify(reaper: Reaper) -> None:
    """The chief finance officer certifies the one return that is checked."""
    from django.db import connection

    from board import clock
    from board.models import User
    from returns import certifying
    from returns.models import Return
    from tests.returns.scenes import LATE_JULY

    cfo = User.objects.get(email__startswith="cfo.pfcc")
    cfo.act_as(cfo.roles.select_related("organisation", "programme", "delegation").get())
    the_return = Return.objects.get(status=Return.Status.CHECKED)
    commit = connection.commit

    def committed() -> None:
        reaper.sees("before commit")
        commit()
        reaper.sees("after commit")

    connection.commit = committed
    sys.addaudithook(reaper.hook)
    with connection.execute_wrapper(reaper.statement), clock.at(LATE_JULY):
        certifying.certify(the_return=the_return, by=cfo)
    connection.close()


def main(database: str) -> None:
    settings.DATABASES["default"]["NAME"] = database
    django.setup()
    # Loaded once, before the first fork.
    import tests.returns.scenes  # noqa: F401
    from returns import files

    # What the PDF shows is no matter here, and making it takes long.
    files.document = lambda content, stamp, workbook: b"%PDF-" + stamp.content_hash.encode()
    for line in sys.stdin:
        number, _, sort = line.strip().partition(" ")
        reading, writing = os.pipe()
        child = os.fork()
        if child == 0:
            os.close(reading)
            certify(Reaper(sort, int(number), writing))
            os._exit(0)
        os.close(writing)
        with os.fdopen(reading, encoding="utf-8") as answer:
            said = answer.read()
        _, status = os.waitpid(child, 0)
        end = "certified" if status == 0 else "killed" if os.WTERMSIG(status) == signal.SIGKILL else f"failed {status}"
        print(end, said, flush=True)


if __name__ == "__main__":
    main(sys.argv[1])
