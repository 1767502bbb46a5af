"""The funder's templates: their register, their maps, trying one on a return, and taking the filled file."""

from collections.abc import Sequence
from functools import cached_property
from typing import Any

from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse

from board import access, clock, events
from board import files as stored_files
from board.models import Programme
from board.views import ActPage, DetailPage, Fact, Link, ListPage
from core.forms import day_in_words
from core.problems import Problem, Refused
from core.tables import Table
from returns import files
from returns.certifying import RELATED
from returns.content import Content
from returns.filling import register
from returns.filling.book import Book
from returns.filling.fill import Filled
from returns.filling.loss import UNTOUCHED
from returns.filling.mapping import Entry, labels, read_map, targets
from returns.filling.nearby import InputCell, input_cells
from returns.forms import MapFileForm, MapSheetForm, TemplateForm
from returns.kinds import content_of, kind_of
from returns.kinds.scope import scope_of
from returns.kinds.shape import stored_content
from returns.models import FunderTemplate, Return, TemplateMap
from returns.tables import (
    FilledCellTable,
    FittingReturnTable,
    FormulaCellTable,
    MappingSheetTable,
    MapTable,
    PartTable,
    SheetTable,
    TemplateTable,
)

CELLS_A_PAGE = 50


def _granted(user: Any) -> QuerySet[Programme]:
    """The programmes whose grant the person's organisation holds."""
    return Programme.objects.filter(recipient=access.acting_organisation(user))


class TemplateList(ListPage):
    """The register."""

    action, heading = "templates.read", "Templates of the funder"
    lead = "The funder’s own workbooks, filled from a certified return without changing anything else in them."
    table_class = TemplateTable

    def get_queryset(self) -> QuerySet[FunderTemplate]:
        rows = FunderTemplate.objects.visible_to(self.request.user)
        return rows.select_related("programme", "created_by")

    def get_breadcrumbs(self) -> Sequence[Link]:
        return [Link("Returns", reverse("returns:returns"))]

    def get_actions(self) -> Sequence[Link]:
        if not access.may(self.request.user, "templates.map") or not _granted(self.request.user).exists():
            return []
        return [Link("Register a template", reverse("returns:register-template"))]


class Register(ActPage):
    """Put a funder's workbook into the register."""

    action, heading, button, form_class = "templates.map", "Register a template", "Register", TemplateForm
    lead = "The file is kept as it is. A new edition of the funder’s is another template, with a map of its own."

    def allowed(self) -> bool:
        """Only where the organisation holds a grant is there anything to register."""
        return super().allowed() and _granted(self.request.user).exists()

    def get_breadcrumbs(self) -> Sequence[Link]:
        return [
            Link("Returns", reverse("returns:returns")),
            Link("Templates of the funder", reverse("returns:templates")),
        ]

    def get_back_url(self) -> str:
        return reverse("returns:templates")

    def get_form_kwargs(self) -> dict[str, Any]:
        return {**super().get_form_kwargs(), "programmes": _granted(self.request.user)}

    def act(self, form: TemplateForm) -> FunderTemplate:
        return register.register(by=self.request.user, **form.cleaned_data)

    def get_success_message(self, result: FunderTemplate) -> str:
        return f"{result} is registered. Map its cells now."


class AboutTemplate:
    """Pages about one template."""

    object: FunderTemplate
    request: HttpRequest
    kwargs: dict[str, Any]

    def get_queryset(self) -> QuerySet[FunderTemplate]:
        rows = FunderTemplate.objects.visible_to(self.request.user)
        return rows.select_related("programme__recipient", "file", "created_by")

    def get_section(self) -> str:
        return str(self.object)

    def get_breadcrumbs(self) -> Sequence[Link]:
        return [
            Link("Returns", reverse("returns:returns")),
            Link("Templates of the funder", reverse("returns:templates")),
            Link(str(self.object), self.object.get_absolute_url()),
        ]

    @cached_property
    def book(self) -> Book:
        return register.book_of(self.object)

    @cached_property
    def latest(self) -> TemplateMap | None:
        return register.latest_map(self.object)

    @cached_property
    def entries(self) -> list[Entry]:
        return register.entries_of(self.latest)

    def returns(self) -> QuerySet[Return]:
        """The returns of its programme and kind, newest first."""
        rows = Return.objects.visible_to(self.request.user).filter(
            programme_id=self.object.programme_id, kind=self.object.kind
        )
        return rows.select_related(*RELATED).order_by("-last_quarter__last_day", "-last_quarter__number", "-revision")

    def content_of(self, the_return: Return) -> Content:
        """What the return says: as certified, or as the record says it now."""
        if the_return.is_frozen:
            return stored_content(the_return)
        kind = kind_of(the_return.kind)
        return content_of(kind, scope_of(the_return), today=clock.today(), the_return=the_return)

    @cached_property
    def known(self) -> dict[str, str]:
        """The keys to choose from with what each is called: those of the newest return of its kind."""
        for the_return in self.returns()[:1]:
            try:
                return labels(self.content_of(the_return))
            except Refused:
                return {}
        return {}


class TemplatePage(AboutTemplate, DetailPage):
    """One template: its file, its sheets, its map, and the returns to try it on."""

    action, template_name = "templates.read", "returns/template.html"

    def get_section(self) -> str:
        return self.object.programme.code

    def get_breadcrumbs(self) -> Sequence[Link]:
        return super().get_breadcrumbs()[:-1]

    def get_facts(self) -> Sequence[Fact]:
        template = self.object
        until = day_in_words(template.valid_to) if template.valid_to else "until another edition comes"
        return [
            Fact("Filled from", template.get_kind_display()),
            Fact("For quarters from", day_in_words(template.valid_from)),
            Fact("To", until),
            Fact("File", template.file.name, url=reverse("returns:template-file", args=[template.pk])),
            Fact("SHA-256", template.file.sha256),
            Fact("Registered", f"{day_in_words(template.created_at)} by {template.created_by.name}"),
        ]

    def get_actions(self) -> Sequence[Link]:
        if not access.may(self.request.user, "templates.map"):
            return []
        return [
            Link("Send a map as a file", reverse("returns:template-map-file", args=[self.object.pk]), secondary=True)
        ]

    def get_tables(self) -> Sequence[Table]:
        template, mapped = self.object, [target.sheet.casefold() for target in targets(self.entries, None)]
        sheets = [
            {
                "template": template.pk,
                "number": number,
                "name": sheet.name if sheet.shown else f"{sheet.name} (hidden)",
                "open_cells": len(input_cells(self.book, sheet.name)),
                "mapped": mapped.count(sheet.name.casefold()),
            }
            for number, sheet in enumerate(self.book.sheets, start=1)
        ]
        fitting = [
            {"pk": row.pk, "template": template.pk, "reference": row.reference, "status": row.get_status_display()}
            for row in self.returns()
            if register.fits(template, row)
        ]
        table = MappingSheetTable if access.may(self.request.user, "templates.map") else SheetTable
        tables: list[Table] = [table(sheets, prefix="sheets-")]
        tables.append(MapTable(template.maps.select_related("made_by"), prefix="maps-"))
        if self.latest is not None:
            tables.append(FittingReturnTable(fitting, prefix="returns-"))
        return tables


class MapSheet(AboutTemplate, ActPage):
    """Choose the figure for each cell of a sheet, a page of cells at a time."""

    action, template_name, form_class, button = "templates.map", "returns/template_sheet.html", MapSheetForm, "Save"

    @cached_property
    def sheet(self) -> str:
        sheets = self.book.sheets
        if not 1 <= self.kwargs["number"] <= len(sheets):
            raise Http404
        return sheets[self.kwargs["number"] - 1].name

    def get_heading(self) -> str:
        return f"Map the sheet “{self.sheet}”"

    @cached_property
    def asked(self) -> str:
        return self.request.GET.get("near", "").strip()

    @cached_property
    def open_cells(self) -> list[InputCell]:
        return input_cells(self.book, self.sheet)

    @cached_property
    def pages(self) -> Any:
        wanted = self.asked.casefold()
        found = [cell for cell in self.open_cells if wanted in f"{cell.cell} {cell.near}".casefold()]
        return Paginator(found, CELLS_A_PAGE).get_page(self.request.GET.get("page"))

    def get_form_kwargs(self) -> dict[str, Any]:
        cells: list[InputCell] = list(self.pages.object_list)
        open_ones = {cell.cell for cell in self.open_cells}
        if self.pages.number == 1 and not self.asked:
            # A mapped cell that the list of open ones does not know is shown first, so that it can be taken out.
            for entry in self.entries:
                if entry.sheet == self.sheet and not entry.is_down and entry.cell not in open_ones:
                    cells.insert(0, InputCell(entry.cell, "", ""))
        return {
            **super().get_form_kwargs(),
            "sheet": self.sheet,
            "cells": cells,
            "entries": self.entries,
            "known": self.known,
        }

    def get_initial(self) -> dict[str, Any]:
        return {"seen": self.latest.number if self.latest else 0}

    def act(self, form: MapSheetForm) -> TemplateMap:
        given = form.cleaned_data
        return register.save_map(
            template=self.object, entries=given["entries"], seen=given["seen"], by=self.request.user
        )

    def get_success_message(self, result: TemplateMap) -> str:
        return f"Map {result.number} is saved."

    def get_success_url(self, result: Any = None) -> str:
        return self.request.get_full_path()

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(**{"known": self.known, "page": self.pages, "near": self.asked, **kwargs})


class MapFile(AboutTemplate, ActPage):
    """Take a map from a JSON file in place of the one that stands."""

    action, heading, button, form_class = "templates.map", "Send a map as a file", "Check and save", MapFileForm
    lead = "The file takes the place of the whole map. Nothing is saved where any of its cells cannot be filled."

    def get_initial(self) -> dict[str, Any]:
        return {"seen": self.latest.number if self.latest else 0}

    def act(self, form: MapFileForm) -> TemplateMap:
        given = form.cleaned_data
        entries = read_map(given["upload"].read())
        return register.save_map(template=self.object, entries=entries, seen=given["seen"], by=self.request.user)

    def get_success_message(self, result: TemplateMap) -> str:
        return f"Map {result.number} is saved."


class TakeMap(AboutTemplate, DetailPage):
    """A version of the map as its JSON file."""

    action = "templates.read"

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        row = get_object_or_404(self.object.maps, number=kwargs["number"])
        events.record(
            "template.take", f"template {self.object.pk}", by=request.user, words=str(row),
            programme=self.object.programme,
        )  # fmt: skip
        headers = {"Content-Disposition": f'attachment; filename="template-{self.object.pk}-map-{row.number}.json"'}
        return HttpResponse(row.entries, content_type="application/json", headers=headers)


class TakeTemplate(AboutTemplate, DetailPage):
    """The funder's file as it came."""

    action = "templates.read"

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        template = self.object
        data = stored_files.content_of(template.file)
        events.record(
            "template.take", f"template {template.pk}", by=request.user, words=f"SHA-256 {template.file.sha256}",
            programme=template.programme,
        )  # fmt: skip
        headers = {"Content-Disposition": f'attachment; filename="template-{template.pk}.xlsx"'}
        return HttpResponse(data, content_type=files.TYPES["xlsx"], headers=headers)


class OnReturn(AboutTemplate):
    """Pages that fill a template from one return."""

    @cached_property
    def the_return(self) -> Return:
        """The return, or 404 where the person does not see it or nothing is mapped yet."""
        if self.latest is None:
            raise Http404
        return get_object_or_404(self.returns(), pk=self.kwargs["return_pk"])

    def fill(self) -> Filled:
        content = self.content_of(self.the_return)
        return register.fill_from(self.object, self.latest, self.the_return, content)  # type: ignore[arg-type]


class Try(OnReturn, DetailPage):
    """What each cell would hold, what becomes of the funder's formulas, and the comparison with the template."""

    action, template_name = "templates.read", "returns/template_try.html"

    def get_heading(self) -> str:
        return f"{self.the_return.reference} in the funder’s workbook"

    @cached_property
    def outcome(self) -> tuple[Filled | None, Sequence[Problem]]:
        try:
            return self.fill(), ()
        except Refused as refusal:
            return None, refusal.problems

    def get_facts(self) -> Sequence[Fact]:
        filled, _ = self.outcome
        facts = [
            Fact("Return", self.the_return.reference, url=self.the_return.get_absolute_url()),
            Fact("Status", self.the_return.get_status_display()),
            Fact("Map", f"Version {self.latest.number}"),  # type: ignore[union-attr]
        ]
        if filled is not None:
            same = f"{filled.report.untouched} of {len(filled.report.parts)} parts of the file stay byte for byte"
            facts.append(Fact("Compared with the template", f"{same}; nothing changed that was not meant"))
        return facts

    def get_actions(self) -> Sequence[Link]:
        filled, _ = self.outcome
        if filled is None or not self.the_return.is_frozen or not access.may(self.request.user, "templates.fill"):
            return []
        return [
            Link(
                "Download the filled workbook",
                reverse("returns:template-fill", args=[self.object.pk, self.the_return.pk]),
            )
        ]

    def get_tables(self) -> Sequence[Table]:
        filled, _ = self.outcome
        if filled is None:
            return []
        changed = [{"part": part, "words": words} for part, words in filled.report.parts if words != UNTOUCHED]
        return [
            FilledCellTable(list(filled.cells), prefix="cells-"),
            FormulaCellTable(list(filled.formulas), prefix="formulas-"),
            PartTable(changed, prefix="parts-"),
        ]

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        filled, problems = self.outcome
        return super().get_context_data(
            **{
                "items": [{"message": problem.message} for problem in problems],
                "warnings": filled.warnings if filled else (),
                "is_draft": not self.the_return.is_frozen,
                "unchecked": len(filled.unchecked) if filled else 0,
                **kwargs,
            }
        )


class TakeFilled(OnReturn, DetailPage):
    """The filled workbook of a certified return; who takes it is on record like that of its other files."""

    action = "templates.fill"

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if not self.the_return.is_frozen:
            raise Http404
        try:
            filled = self.fill()
        except Refused as refusal:
            raise Http404(str(refusal)) from None
        file = register.filled_file(self.object, self.latest, self.the_return, filled)  # type: ignore[arg-type]
        files.take(the_return=self.the_return, file=file, by=request.user)
        headers = {"Content-Disposition": f'attachment; filename="{file.name}"'}
        return HttpResponse(file.data, content_type=file.content_type, headers=headers)
