"""Thirty thousand ledger rows: our import (read, stage, commit) beside django-import-export (preview, confirm).

    pip install django-import-export==4.4.3   # for this comparison alone; the product does not need it
    python -m benchmarks.ledger_import        # from the project's folder; ROWS=3000 for a quick look

Each runs in a process of its own on a fresh SQLite database, one after the other in the same run, so that
the machine is the same for both. Both write the same entries, spend lines and history rows; without
django-import-export only ours is timed.
"""

import csv
import io
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

ROWS = int(os.environ.get("ROWS", "30000"))
HEADER = ("Date", "Cost centre", "Supplier", "Invoice", "Description", "Net amount")


def ledger() -> bytes:
    """A quarter's ledger: some eight hundred suppliers, a credit in fifty rows, a twin in a hundred."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(HEADER)
    row: tuple[object, ...] = ()
    for number in range(ROWS):
        if number % 100 != 99:
            amount = (number * 7919 % 1_000_000 + 1) * (-1 if number % 50 == 49 else 1)
            day = date(2023, 4, 1) + timedelta(days=number % 91)
            supplier = f"Supplier {number % 811:03d} Limited"
            document = f"INV-{number:06d}"
            row = (f"{day:%d/%m/%Y}", f"CC{number % 97:02d}", supplier, document, "Goods", f"{amount / 100:,.2f}")
        writer.writerow(row)
    return out.getvalue().encode()


def prepared() -> Any:
    """A fresh database with a programme on which everything may be charged."""
    import django
    from django.core.management import call_command

    django.setup()
    call_command("migrate", verbosity=0)
    from tests import factories

    money = factories.money(factories.programme())
    money.line()
    return money


def ours(money: Any, data: bytes) -> dict[str, float]:
    """Read and stage, choose and code every row, commit."""
    from funding.ledger_commit import commit
    from funding.ledger_import import Change, Decision, decide, stage

    times = {}
    begun = time.perf_counter()
    found = stage(data=data, file_name="quarter.csv", by=money.finance)
    times["read and stage"] = time.perf_counter() - begun
    begun = time.perf_counter()
    coded = Change(budget_line=money.line(), quarter=money.quarter(), reason="No original here")
    decide(ledger_import=found, among=found.rows.all(), decision=Decision.ADD, change=coded, by=money.finance)
    times["choose and code"] = time.perf_counter() - begun
    begun = time.perf_counter()
    done = commit(ledger_import=found, by=money.finance)
    times["commit"] = time.perf_counter() - begun
    if done.rows_added != ROWS:
        raise SystemExit(f"{done.rows_added:,} rows were added")
    return times


def theirs(money: Any, data: bytes) -> dict[str, float]:
    """The same rows through a resource of django-import-export, as its admin does: a dry run, then the import."""
    import tablib
    from import_export import fields, resources

    from board import clock
    from funding.models import SpendLine, Transaction

    line, quarter, by = money.line(), money.quarter(), money.finance

    class TransactionResource(resources.ModelResource):
        """A row of the ledger as an entry with one line."""

        reference = fields.Field("reference", "reference")

        class Meta:
            model = Transaction
            import_id_fields = ("reference",)
            fields = ("reference",)
            use_transactions = True

        def before_import(self, dataset: Any, **kwargs: Any) -> None:
            dataset.append_col([f"T-{number:06d}" for number in range(1, len(dataset) + 1)], header="reference")

        def before_save_instance(self, instance: Any, row: dict[str, Any], **kwargs: Any) -> None:
            day, month, year = row["Date"].split("/")
            instance.recorded_by = by.acting.organisation
            instance.kind = Transaction.Kind.ACTUAL
            instance.supplier_name, instance.document_number = row["Supplier"], row["Invoice"]
            instance.description = row["Description"]
            instance.accounting_on = instance.service_from = instance.service_to = date(int(year), int(month), int(day))
            instance.net = instance.cost = Decimal(row["Net amount"].replace(",", ""))
            instance.reason = "No original here"
            instance.created_at = instance.changed_at = clock.now()
            instance.created_by = instance.changed_by = instance._history_user = by

        def after_save_instance(self, instance: Any, row: dict[str, Any], **kwargs: Any) -> None:
            SpendLine.objects.create(
                transaction=instance, number=1, budget_line=line, quarter=quarter, net=instance.net,
                cost=instance.cost, state=SpendLine.State.CLAIMABLE,
            )  # fmt: skip

    times = {}
    for name, dry_run in (("preview", True), ("confirm", False)):
        begun = time.perf_counter()
        rows = tablib.Dataset().load(data.decode(), format="csv")
        result = TransactionResource().import_data(rows, dry_run=dry_run, raise_errors=True)
        times[name] = time.perf_counter() - begun
        if result.has_errors():
            raise SystemExit("django-import-export reports errors")
    if not Transaction.objects.count() == SpendLine.objects.count() == ROWS:
        raise SystemExit("django-import-export wrote another number of rows")
    return times


WAYS: dict[str, Callable[[Any, bytes], dict[str, float]]] = {"ours": ours, "django-import-export": theirs}


def measure(way: str) -> None:
    """In a process of its own: seconds by the clock and of the processor, peak MB, and each step."""
    money, data = prepared(), ledger()
    from board import clock

    begun = time.process_time()
    with clock.at(date(2023, 7, 5)):
        times = WAYS[way](money, data)
    busy = time.process_time() - begun
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    steps = ", ".join(f"{name} {seconds:.1f} s" for name, seconds in times.items())
    print(f"{sum(times.values()):.2f}\t{busy:.2f}\t{peak:.0f}\t{steps}")


def run(way: str) -> tuple[float, float]:
    """Measure a way in a fresh process and database; seconds by the clock and of the processor."""
    with tempfile.TemporaryDirectory() as folder:
        environment = {
            **os.environ,
            "DATABASE_URL": f"sqlite:///{Path(folder) / 'benchmark.sqlite3'}",
            "SECRET_KEY": "for the benchmark alone" * 4,
            "DJANGO_SETTINGS_MODULE": "config.settings",
        }
        command = [sys.executable, "-m", "benchmarks.ledger_import", way]
        said = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)  # noqa: S603
    if said.returncode:
        raise SystemExit(said.stderr)
    seconds, busy, peak, steps = said.stdout.strip().splitlines()[-1].split("\t")
    print(f"{way}: {float(seconds):.1f} s ({steps}), {float(busy):.1f} s of the processor, peak {peak} MB")
    return float(seconds), float(busy)


def main() -> None:
    print(f"{ROWS:,} rows, {len(ledger()) / 1024 / 1024:.1f} MB of CSV")
    mine, mine_busy = run("ours")
    try:
        import import_export  # noqa: F401
    except ImportError:
        print("django-import-export is not installed, so there is nothing to compare with.")
        return
    other, other_busy = run("django-import-export")
    print(
        f"ours takes 1/{other / mine:.1f} of its time by the clock, 1/{other_busy / mine_busy:.1f} of the processor's"
    )


if __name__ == "__main__":
    measure(sys.argv[1]) if len(sys.argv) > 1 else main()
