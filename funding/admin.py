"""The administration of money's reference data: sources and cost headings. What acts write is not here."""

from django.contrib import admin

from board.admin import Reference
from funding.models import CostHeading, Source


@admin.register(Source)
class SourceAdmin(Reference):
    list_display = ("code", "name", "programme", "kind", "funder", "kept_by")
    list_filter = ("programme", "kind")
    fixed = ("programme", "code", "funder", "kind", "kept_by")


@admin.register(CostHeading)
class CostHeadingAdmin(Reference):
    list_display = ("code", "name", "programme", "capital", "ineligible", "payroll", "position")
    list_filter = ("programme",)
    # What a heading means for the claim is settled before the first line charges it.
    fixed = ("programme", "code", "capital", "ineligible")
