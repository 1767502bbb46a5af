"""The administration of reference data: who is who, and what there is.

What an act writes (closings, due dates, thresholds, events) is read here and changed nowhere but by its act.
"""

from collections.abc import Sequence
from typing import Any, ClassVar

from django.contrib import admin
from django.contrib.auth.admin import UserAdmin
from django.contrib.auth.forms import AdminPasswordChangeForm, BaseUserCreationForm, UserChangeForm
from django.contrib.auth.models import Group
from django.db import transaction
from django.db.models import Model, QuerySet
from django.http import HttpRequest, HttpResponse

from board import events
from board.models import (
    UNALLOCATED,
    Delegation,
    Event,
    Milestone,
    Organisation,
    Programme,
    Project,
    Quarter,
    Reopening,
    Role,
    Threshold,
    User,
    Year,
)

# Rights follow from roles alone, so the framework's own groups are not offered.
admin.site.unregister(Group)
admin.site.disable_action("delete_selected")
admin.site.site_header = admin.site.site_title = "Reference data"
admin.site.index_title = "What may be changed here, and what is for reading"


class Reference(admin.ModelAdmin):
    """Rows that administrators add and change, and nobody deletes. `fixed` cannot change once a row is there."""

    fixed: ClassVar[tuple[str, ...]] = ()

    def has_module_permission(self, request: HttpRequest) -> bool:
        return bool(getattr(request.user, "is_staff", False))

    def has_view_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return self.has_module_permission(request)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return self.has_module_permission(request)

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return self.has_module_permission(request)

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def get_readonly_fields(self, request: HttpRequest, obj: Model | None = None) -> tuple[str, ...]:
        fields = tuple(super().get_readonly_fields(request, obj))
        return (*fields, *self.fixed) if obj is not None else fields

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest) -> bool:
        """Only what a list offers: of any other field of a row, a question would tell what the list hides."""
        offered = {name if isinstance(name, str) else name[0] for name in self.get_list_filter(request)}
        if self.date_hierarchy:
            offered.add(self.date_hierarchy)
        asked = any(lookup == name or lookup.startswith(f"{name}__") for name in offered)
        return asked and super().lookup_allowed(lookup, value, request)

    def save_model(self, request: HttpRequest, obj: Model, form: Any, change: bool) -> None:
        """Save, and put on record who changed what."""
        super().save_model(request, obj, form, change)
        what = ", ".join(form.changed_data) if change else "added"
        name = f"{obj._meta.verbose_name} {obj.pk}"
        act = "admin.change" if change else "admin.add"
        events.record(act, name, by=request.user, words=what, programme=getattr(obj, "programme", None))


class ReadOnly(Reference):
    """Rows that acts write: for reading."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False


@admin.register(Organisation)
class OrganisationAdmin(Reference):
    list_display = ("code", "short_name", "kind", "recovers_vat")
    list_filter = ("kind",)
    search_fields = ("code", "name")
    fixed = ("code",)


class PersonCreationForm(BaseUserCreationForm):
    class Meta:
        model = User
        fields = ("email", "name")

    def clean_email(self) -> str:
        return self.cleaned_data["email"].lower()


class PersonChangeForm(UserChangeForm):
    class Meta:
        model = User
        fields = ("email", "name", "is_active")


class RoleInline(admin.TabularInline):
    """A person's roles; one ends by its last day, and is not deleted."""

    model = Role
    extra = 0

    def get_queryset(self, request: HttpRequest) -> QuerySet[Role]:
        # A deputy's role is its chief finance officer's to give and to withdraw.
        return super().get_queryset(request).filter(delegation=None)

    def has_view_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return bool(getattr(request.user, "is_staff", False))

    has_add_permission = has_view_permission
    has_change_permission = has_view_permission

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False


@admin.register(User)
class PersonAdmin(Reference, UserAdmin):
    """People who sign in. What they may do is said by their roles; nobody is made a superuser here."""

    form, add_form, change_password_form = PersonChangeForm, PersonCreationForm, AdminPasswordChangeForm
    inlines = (RoleInline,)
    list_display = ("email", "name", "is_active")
    list_filter = ("is_active", "roles__kind", "roles__organisation")
    search_fields = ("email", "name")
    ordering = ("email",)
    filter_horizontal = ()
    readonly_fields = ("last_login", "joined_at")
    fieldsets = (
        (None, {"fields": ("email", "name", "password")}),
        ("Access", {"fields": ("is_active", "last_login", "joined_at")}),
    )
    add_fieldsets = ((None, {"fields": ("email", "name", "password1", "password2")}),)

    def get_inlines(self, request: HttpRequest, obj: Model | None) -> Sequence[type[RoleInline]]:
        """Nobody gives a role to themselves; who sets the system up gives the first ones."""
        own = obj is not None and obj.pk == request.user.pk and not request.user.is_superuser
        return () if own else self.inlines

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        outranked = isinstance(obj, User) and obj.is_superuser and not request.user.is_superuser
        return super().has_change_permission(request, obj) and not outranked

    def user_change_password(self, request: HttpRequest, id: str, form_url: str = "") -> HttpResponse:
        """Set a person's password, and put it on record: whoever knows it can sign in as that person."""
        with transaction.atomic():
            before = self.get_object(request, id)
            answer = super().user_change_password(request, id, form_url)
            after = self.get_object(request, id)
            if before is not None and before.password != after.password:
                events.record("admin.change", f"user {after.pk}", by=request.user, words="password", programme=None)
        return answer

    def save_formset(self, request: HttpRequest, form: Any, formset: Any, change: bool) -> None:
        """Save the roles, and put each given or changed one on record."""
        super().save_formset(request, form, formset, change)
        for role in [*formset.new_objects, *(row for row, _ in formset.changed_objects)]:
            until = f" to {role.ends_on.isoformat()}" if role.ends_on else ""
            words = f"{role}, from {role.starts_on.isoformat()}{until}"
            events.record("admin.role", f"user {role.user_id}", by=request.user, words=words, programme=role.programme)


@admin.register(Programme)
class ProgrammeAdmin(Reference):
    list_display = ("code", "name", "first_day", "last_day")
    fixed = ("code", "recipient", "funder", "first_day", "last_day", "illustrative")

    def has_add_permission(self, request: HttpRequest) -> bool:
        # A programme comes with its years, quarters and due dates, by its own act.
        return False


@admin.register(Project)
class ProjectAdmin(Reference):
    list_display = ("code", "name", "programme", "typology", "position")
    list_filter = ("programme",)
    fixed = ("programme", "code")

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        is_unallocated = isinstance(obj, Project) and obj.code == UNALLOCATED
        return super().has_change_permission(request, obj) and not is_unallocated


@admin.register(Milestone)
class MilestoneAdmin(Reference):
    list_display = ("code", "name", "project", "due_on")
    list_filter = ("project__programme",)
    fixed = ("project", "code")


@admin.register(Year)
class YearAdmin(ReadOnly):
    list_display = ("code", "programme")


@admin.register(Quarter)
class QuarterAdmin(ReadOnly):
    list_display = ("code", "programme", "provider_due_on", "certify_due_on", "money_closed_at", "results_closed_at")
    list_filter = ("programme", "kind")


@admin.register(Reopening)
class ReopeningAdmin(ReadOnly):
    list_display = ("quarter", "what", "organisation", "by", "opened_at", "until")


@admin.register(Threshold)
class ThresholdAdmin(ReadOnly):
    list_display = ("programme", "rule", "value", "from_date")


@admin.register(Delegation)
class DelegationAdmin(ReadOnly):
    list_display = ("reference", "role", "given_by", "given_at")


@admin.register(Event)
class EventAdmin(ReadOnly):
    # Words hold amounts, which are not an administrator's to read.
    exclude = ("words",)
    list_display = ("at", "by", "role", "act", "subject")
    list_filter = ("act",)
    search_fields = ("subject",)
    date_hierarchy = "at"
