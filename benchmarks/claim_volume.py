"""The claim's content over a thousand, a hundred thousand and a million lines of a year, on PostgreSQL.

    python -m benchmarks.claim_volume                  # from the project's folder; takes some minutes
    python -m benchmarks.claim_volume 1000 100000      # other numbers of lines

A tenth of the lines is of the fourth quarter, whose claim is made; the earlier quarters' are in certified claims. Each
number of lines has a process and a database of its own. Told are the queries and seconds of the claim's arithmetic, of
the positions, and of the whole content, whose list of transactions holds the fourth quarter's lines.
"""

import subprocess
import sys
import time
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Any

from tests.postgresql import served

SIZES = (1_000, 100_000, 1_000_000)
CODES = ("CHB", "SIS", "GDM")
HEADINGS = ("provider", "staff")
SHARES = {"2023-24-Q1": 30, "2023-24-Q2": 30, "2023-24-Q3": 30, "2023-24-Q4": 10}


def filled(count: int) -> Any:
    """A programme of which a year's lines are recorded and its first three claims certified."""
    import django
    from django.core.management import call_command

    django.setup()
    call_command("migrate", verbosity=0)
    from board import clock
    from board.models import Quarter
    from funding import claims
    from tests import factories

    money = factories.money(factories.programme())
    lines = [money.line(code, heading) for code in CODES for heading in HEADINGS]
    for code, percent in SHARES.items():
        each = count * percent // 100 // len(lines)
        quarter = money.quarter(code)
        for at, line in enumerate(lines):
            multiply(money, line, quarter, each, f"V{code[-1]}{at}")
        with clock.at(quarter.last_day):
            Quarter.objects.filter(pk=quarter.pk).update(money_closed_at=clock.now(), money_closed_by=money.finance)
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    for code in [*SHARES][:3]:
        with clock.at(date(2024, 4, 9)):
            quarter = money.quarter(code)
            amount = claims.work_out(money.grant, quarter, today=clock.today()).amount
            claims.certify(
                source=money.grant, quarter=quarter, reference=f"P/claim/{code}/r1", content_hash="a" * 64,
                expected=amount, by=money.finance,
            )  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    return money


def multiply(money: Any, line: Any, quarter: Any, count: int, mark: str) -> None:
    """Copies of one entry, made by the database, each with a reference of its own."""
    from django.db import connection

    from funding.models import SpendLine, Transaction
    from funding.spending import Charge

    entry = money.record("0.55", Charge(line, quarter), on=quarter.first_day)
    charge = entry.lines.get()
    columns = [field.column for field in Transaction._meta.concrete_fields if not field.primary_key]
    own = {"reference": f"'{mark}-' || s", "once": "gen_random_uuid()"}
    values = [own.get(name, f'"{name}"') for name in columns]
    names = ", ".join(f'"{name}"' for name in columns)
    of_line = [field.column for field in SpendLine._meta.concrete_fields if not field.primary_key]
    picked = ["t.id" if name == "transaction_id" else f'l."{name}"' for name in of_line]
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO funding_transaction ({names}) SELECT {', '.join(values)} "  # noqa: S608
            "FROM funding_transaction, generate_series(1, %s) AS s WHERE id = %s",
            [count - 1, entry.pk],
        )
        cursor.execute(
            f"INSERT INTO funding_spendline ({', '.join(of_line)}) SELECT {', '.join(picked)} "  # noqa: S608
            "FROM funding_transaction AS t, funding_spendline AS l WHERE l.id = %s AND t.reference LIKE %s",
            [charge.pk, f"{mark}-%"],
        )


def timed(what: str, act: Callable[[], Any]) -> Any:
    """Do it, and tell its queries and seconds."""
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    begun = time.perf_counter()
    with CaptureQueriesContext(connection) as asked:
        found = act()
    print(f"  {what}: {len(asked)} queries, {time.perf_counter() - begun:.2f} s")
    return found


def measure(count: int) -> None:
    """In a process of its own."""
    money = filled(count)
    from board import clock
    from funding import claims
    from funding.models import SpendLine
    from funding.positions import line_positions
    from returns.kinds import KINDS, content_of
    from returns.kinds.scope import of_quarter

    today, quarter = date(2024, 4, 9), money.quarter("2023-24-Q4")
    print(f"{SpendLine.objects.count():,} lines, {SpendLine.objects.in_quarter(quarter).count():,} of the quarter")
    with clock.at(today):
        worked = timed("claim arithmetic", lambda: claims.work_out(money.grant, quarter, today=today))
        timed("positions", lambda: line_positions([money.grant], quarter.year, quarter, today=today))
        scope = of_quarter(quarter)
        made = timed("content", lambda: content_of(KINDS["claim"], scope, today=today, the_return=None))
    if not made.figure("claim/key-figures/this-claim/value").value == worked.amount > Decimal("0.00"):
        raise SystemExit("The content does not say what the claim is")


def main(sizes: list[int]) -> None:
    for count in sizes:
        with served() as environment:
            environment |= {"SECRET_KEY": "for the benchmark alone" * 4, "DJANGO_SETTINGS_MODULE": "config.settings"}
            command = [sys.executable, "-m", "benchmarks.claim_volume", "--measure", str(count)]
            subprocess.run(command, env=environment, check=True)  # noqa: S603


if __name__ == "__main__":
    if sys.argv[1:2] == ["--measure"]:
        measure(int(sys.argv[2]))
    else:
        main([int(size) for size in sys.argv[1:]] or [*SIZES])
