"""Sets a programme up from one file: who takes part, what is delivered, who pays, by when, and who reports what.

The file is TOML; `docs/programme.example.toml` shows every table. It is read again whenever something joins: what is
there already is left as it is, what is new is added, and what differs from what is there is a problem, since
awards, budgets, variations and definitions change by acts of their own, with their reasons.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import date
from decimal import Decimal
from typing import Any

from django.core.exceptions import NON_FIELD_ERRORS, ValidationError
from django.db import models, transaction

from board import events, programmes
from board.models import UNALLOCATED, Organisation, Programme, Project, Quarter, Threshold, User
from board.thresholds import RULES
from contracts.contracting import engage
from contracts.models import Contract
from core.forms import day_in_words
from core.money import read_amount
from core.problems import Problem, Refused, refuse, refuse_if_blocking
from funding.models import CostHeading, Source
from kpis.catalogue import load_catalogue
from kpis.duties import assign, set_target
from kpis.models import Duty, Kpi, Target

DUE = ("provider", "check", "certify")


class Table:
    """One table of the file, read key by key; what nobody asked for is a problem in the end."""

    def __init__(self, place: str, values: Any) -> None:
        if not isinstance(values, dict):
            raise refuse("file", f"{place} must be a table of names and values.", place)
        self.place, self._values, self._asked = place, values, set[str]()

    def _get(self, key: str, kind: type | tuple[type, ...], what: str, default: Any) -> Any:
        self._asked.add(key)
        value = self._values.get(key, default)
        if value is ...:
            raise refuse("file", f"{self.place} needs {key}: {what}.", self.place)
        if value is not None and not isinstance(value, kind):
            raise refuse("file", f"{self.place}: {key} must be {what}, not {value!r}.", self.place)
        return value

    def text(self, key: str, default: Any = ...) -> str:
        return self._get(key, str, "words in quotation marks", default)

    def day(self, key: str, default: Any = ...) -> date:
        return self._get(key, date, "a date as 2023-04-01, without quotation marks", default)

    def flag(self, key: str) -> bool:
        return self._get(key, bool, "true or false", False)

    def whole(self, key: str, default: Any = ...) -> int:
        return self._get(key, int, "a whole number", default)

    def amount(self, key: str, default: Any = ...) -> Decimal:
        """Pounds, or another figure with at most two decimals, in quotation marks so that no penny is lost."""
        words = self._get(key, str, "a figure in quotation marks, as “230000.00”", default)
        try:
            return None if words is None else read_amount(words)
        except ValueError as error:
            raise refuse("file", f"{self.place}: {key}: {error}.", self.place) from None

    def table(self, key: str) -> "Table":
        self._asked.add(key)
        return Table(f"{self.place}.{key}" if self.place else key, self._values.get(key, {}))

    def tables(self, key: str) -> list["Table"]:
        """The rows of `[[key]]`, in their order."""
        self._asked.add(key)
        rows = self._values.get(key, [])
        if not isinstance(rows, list):
            raise refuse("file", f"{key} must be rows: write [[{key}]].", key)
        before = f"{self.place}." if self.place else ""
        return [Table(f"{before}{key}[{number}]", row) for number, row in enumerate(rows, start=1)]

    def names(self) -> list[str]:
        """All names, for a table whose names are codes."""
        self._asked.update(self._values)
        return list(self._values)

    def words(self, key: str) -> list[str]:
        """A list of words."""
        found = self._get(key, list, "a list of words", [])
        if not all(isinstance(word, str) for word in found):
            raise refuse("file", f"{self.place}: {key} must be a list of words.", self.place)
        return found

    def require_nothing_else(self) -> None:
        """Refuse names that nobody asked for: one that is misspelt would be passed over."""
        extra = sorted(set(self._values) - self._asked)
        if extra:
            known = ", ".join(sorted(self._asked))
            raise refuse("file", f"{self.place or 'The file'}: {', '.join(extra)} is not known. Known: {known}.")


def set_up(values: Mapping[str, Any], *, by: User) -> list[str]:
    """Write what the file says and the database has not; hands back what was added, in words.

    Refuses with every problem of the file at once, and then nothing is written.
    """
    with transaction.atomic():
        setting = _Setting(Table("", dict(values)), by)
        setting.run()
        refuse_if_blocking(setting.problems)
    return setting.added


class _Setting:
    def __init__(self, file: Table, by: User) -> None:
        self.file, self.by = file, by
        self.programme: Programme | None = None
        self.problems: list[Problem] = []
        self.added: list[str] = []

    def run(self) -> None:
        for row in self.file.tables("organisations"):
            self._each(row, self._organisation)
        programme = self.file.table("programme")
        self._each(programme, self._programme)
        if self.programme is None:
            return
        steps: list[tuple[str, Callable[[Table], None]]] = [
            ("projects", self._project),
            ("headings", self._heading),
            ("sources", self._source),
            ("contracts", self._contract),
        ]
        for name, step in steps:
            for row in self.file.tables(name):
                self._each(row, step)
        self._each(self.file.table("thresholds"), self._thresholds)
        self._each(self.file.table("due"), self._due_dates)
        if self.file.flag("catalogue") and (made := load_catalogue(self.programme, self.by)):
            self.added.append(f"{made} measures of the catalogue")
        for name, step in (("duties", self._duty), ("targets", self._target)):
            for row in self.file.tables(name):
                self._each(row, step)
        with self._gathered(""):
            self.file.require_nothing_else()

    def _each(self, row: Table, step: Callable[[Table], None]) -> None:
        with self._gathered(row.place):
            step(row)
            row.require_nothing_else()

    @contextmanager
    def _gathered(self, place: str) -> Iterator[None]:
        """Whatever is wrong with one row becomes a problem with its place, and the next row is read all the same."""
        try:
            with transaction.atomic():
                yield
        except Refused as refusal:
            for problem in refusal.problems:
                said = problem.message if problem.code == "file" else f"{place}: {problem.message}"
                self.problems.append(Problem("file", said, problem.blocking, place))
        except ValidationError as error:
            for field, words in error.message_dict.items():
                named = "" if field == NON_FIELD_ERRORS else f"{field}: "
                self.problems += [Problem("file", f"{place}: {named}{word}", True, place) for word in words]

    def _keep(self, row: models.Model, found: models.Model | None, name: str) -> Any:
        """Add a row, or leave the one that is there; where the two differ, say so."""
        if found is None:
            row.full_clean()
            row.save(force_insert=True)
            events.record("set-up.add", name, by=self.by, programme=self.programme)
            self.added.append(name)
            return row
        differing = [
            f"{field.name} is {getattr(found, field.name)!s} here and {getattr(row, field.name)!s} in the file"
            for field in row._meta.concrete_fields
            if not field.primary_key
            and field.editable
            and field.name != "position"
            and getattr(found, field.attname) != getattr(row, field.attname)
        ]
        if differing:
            raise refuse("differs", f"{name} is here already: {'; '.join(differing)}. Change it by its own act.")
        return found

    def _organisation(self, row: Table) -> None:
        code, name = row.text("code"), row.text("name")
        given = Organisation(
            code=code,
            name=name,
            short_name=row.text("short_name", name),
            kind=row.text("kind"),
            recovers_vat=row.flag("recovers_vat"),
        )
        self._keep(given, Organisation.objects.filter(code=code).first(), f"organisation {code}")

    def _organisation_of(self, row: Table, key: str) -> Organisation:
        code = row.text(key)
        found = Organisation.objects.filter(code=code).first()
        if found is None:
            raise refuse("code", f"{key}: no organisation has the code “{code}”. Add it under [[organisations]].")
        return found

    def _programme(self, row: Table) -> None:
        code = row.text("code")
        given = Programme(
            code=code,
            name=row.text("name"),
            recipient=self._organisation_of(row, "recipient"),
            funder=self._organisation_of(row, "funder"),
            first_day=row.day("first_day"),
            last_day=row.day("last_day"),
            legal_power=row.text("legal_power", ""),
            contacts="\n".join(row.words("contacts")),
            marking=row.text("marking", "OFFICIAL-SENSITIVE"),
            illustrative=row.flag("illustrative"),
        )
        found = Programme.objects.filter(code=code).first()
        if found is None:
            self.programme = programmes.set_up(programme=given, by=self.by)
            self.added.append(f"programme {code}")
        else:
            self.programme = self._keep(given, found, f"programme {code}")

    def _project(self, row: Table) -> None:
        code = row.text("code")
        given = Project(
            programme=self.programme,
            code=code,
            name=row.text("name"),
            typology=row.text("typology"),
            description=row.text("description", ""),
            position=self.programme.projects.exclude(code=UNALLOCATED).count() + 1,
        )
        self._keep(given, self.programme.projects.filter(code=code).first(), f"project {code}")

    def _heading(self, row: Table) -> None:
        code = row.text("code")
        given = CostHeading(
            programme=self.programme,
            code=code,
            name=row.text("name"),
            capital=row.flag("capital"),
            ineligible=row.flag("ineligible"),
            position=self.programme.cost_headings.count(),
        )
        self._keep(given, self.programme.cost_headings.filter(code=code).first(), f"cost heading {code}")

    def _source(self, row: Table) -> None:
        code = row.text("code")
        given = Source(
            programme=self.programme,
            code=code,
            name=row.text("name"),
            funder=self._organisation_of(row, "funder"),
            kind=row.text("kind"),
            kept_by=self._organisation_of(row, "kept_by"),
            position=self.programme.sources.count(),
        )
        self._keep(given, self.programme.sources.filter(code=code).first(), f"source {code}")

    def _contract(self, row: Table) -> None:
        reference = row.text("reference")
        given = Contract(
            programme=self.programme,
            reference=reference,
            title=row.text("title"),
            kind=row.text("kind"),
            buyer=self._organisation_of(row, "buyer"),
            provider=self._organisation_of(row, "provider"),
            owner_title=row.text("owner_title"),
            tier=row.text("tier", Contract.Tier.SILVER),
            decision_reference=row.text("decision_reference", ""),
            procurement_route=row.text("procurement_route", ""),
            includes_irrecoverable_vat=row.flag("includes_irrecoverable_vat"),
            signed_on=row.day("signed_on", None),
            starts_on=row.day("starts_on"),
            ends_on=row.day("ends_on"),
            notice_days=row.whole("notice_days", 90),
            review_on=row.day("review_on", None),
        )
        amounts = {}
        for value in row.tables("values"):
            amounts[self._project_of(value), self._year_of(value)] = value.amount("amount")
            value.require_nothing_else()
        # A contract that is here has its own variations since, so that its first terms are not compared.
        if not Contract.objects.filter(reference=reference).exists():
            engage(contract=given, values=amounts, by=self.by)
            self.added.append(f"contract {reference}")

    def _project_of(self, row: Table) -> Project:
        code = row.text("project")
        found = self.programme.projects.filter(code=code).first()
        if found is None:
            raise refuse("code", f"no project has the code “{code}”. Add it under [[projects]].")
        return found

    def _year_of(self, row: Table) -> Any:
        code = row.text("year")
        found = self.programme.years.filter(code=code).first()
        if found is None:
            known = ", ".join(self.programme.years.values_list("code", flat=True))
            raise refuse("code", f"{self.programme.code} has no year “{code}”, only {known}.")
        return found

    def _quarter(self, code: str) -> Quarter:
        found = self.programme.quarters.select_related("programme", "year").filter(code=code).first()
        if found is None:
            raise refuse("code", f"{self.programme.code} has no quarter “{code}”. Quarters read 2023-24-Q1.")
        return found

    def _thresholds(self, rows: Table) -> None:
        for rule in rows.names():
            if rule not in RULES:
                known = ", ".join(sorted(RULES))
                raise refuse("code", f"there is no rule “{rule}”. Known: {known}.")
            row = rows.table(rule)
            value, day = row.amount("value"), row.day("from", self.programme.first_day)
            row.require_nothing_else()
            given = Threshold(programme=self.programme, rule=rule, value=int(value.scaleb(2)), from_date=day)
            found = self.programme.thresholds.filter(rule=rule, from_date=day).first()
            self._keep(given, found, f"threshold {rule}, {value:f} from {day_in_words(day)}")

    def _due_dates(self, rows: Table) -> None:
        for code in rows.names():
            quarter, row = self._quarter(code), rows.table(code)
            days = {name: row.day(name, getattr(quarter, f"{name}_due_on")) for name in DUE}
            row.require_nothing_else()
            if all(getattr(quarter, f"{name}_due_on") == day for name, day in days.items()):
                continue
            for name, day in days.items():
                setattr(quarter, f"{name}_due_on", day)
            quarter.full_clean()
            quarter.save()
            words = ", ".join(f"{name} {day_in_words(day)}" for name, day in days.items())
            events.record("quarter.due-dates", code, by=self.by, words=words, programme=self.programme)
            self.added.append(f"due dates of {code}")

    def _duty(self, row: Table) -> None:
        project, organisation = self._project_of(row), self._organisation_of(row, "organisation")
        first, last = self._quarter(row.text("first_quarter")), self._quarter(row.text("last_quarter"))
        measures = {code: row.table("measures").words(code) for code in row.table("measures").names()}
        contract, reference = None, row.text("contract", "")
        if reference:
            contract = self.programme.contracts.filter(reference=reference).first()
            if contract is None:
                raise refuse("code", f"no contract has the reference “{reference}”. Add it under [[contracts]].")
        same = {"project": project, "organisation": organisation, "first_quarter": first, "last_quarter": last}
        if found := Duty.objects.filter(**same).first():
            here = set(found.measures.values_list("kpi__code", flat=True))
            if here != set(measures):
                differing = ", ".join(sorted(here ^ set(measures)))
                raise refuse("differs", f"{found.reference} is here already, and differs in {differing}.")
            return
        duty = assign(**same, measures=measures, contract=contract, by=self.by)
        self.added.append(f"duty {duty.reference}")

    def _target(self, row: Table) -> None:
        code, year = row.text("kpi"), self._year_of(row)
        kpi = Kpi.objects.filter(project__programme=self.programme, code=code).first()
        if kpi is None:
            raise refuse("code", f"no measure has the code “{code}”. Set catalogue = true, or correct it.")
        day = row.day("from", self.programme.first_day)
        given = {name: row.amount(name, None) for name in ("upper", "baseline")}
        value, reason = row.amount("value"), row.text("reason")
        if not Target.objects.filter(kpi=kpi, year=year, from_date=day).exists():
            set_target(kpi=kpi, year=year, value=value, from_date=day, reason=reason, by=self.by, **given)
            self.added.append(f"target {code} {year.code}")
