"""How a Django form becomes a GOV.UK form: the renderer, and what a bound field knows for its template.

The markup is in templates/django/forms; nothing here decides what a field accepts.
"""

from typing import Any

from django import forms
from django.forms.boundfield import BoundField
from django.forms.renderers import TemplatesSetting
from django.forms.widgets import Input

# In the order in which they are tried: a subclass before its parent.
_CLASS_OF_WIDGET: tuple[tuple[type[forms.Widget], str], ...] = (
    (forms.CheckboxSelectMultiple, "govuk-checkboxes"),
    (forms.RadioSelect, "govuk-radios"),
    (forms.CheckboxInput, "govuk-checkboxes__input"),
    (forms.Select, "govuk-select"),
    (forms.Textarea, "govuk-textarea"),
    (forms.FileInput, "govuk-file-upload"),
    (forms.HiddenInput, ""),
    (forms.PasswordInput, "govuk-input govuk-password-input__input govuk-js-password-input-input"),
    (Input, "govuk-input"),
    (forms.MultiWidget, "govuk-input"),
)


def class_of(widget: forms.Widget) -> str:
    """The GOV.UK classes that the widget's element bears, or an empty string."""
    return next((name for kind, name in _CLASS_OF_WIDGET if isinstance(widget, kind)), "")


class GovukBoundField(BoundField):
    """A field on its form: adds the GOV.UK classes, and never the browser's own validation.

    A form field may carry `prefix_text` or `suffix_text` ("£", "%"), shown beside its box.
    """

    def build_widget_attrs(self, attrs: dict[str, Any], widget: forms.Widget | None = None) -> dict[str, Any]:
        widget = widget or self.field.widget
        attrs = super().build_widget_attrs(attrs, widget)
        # The server says what is missing, in words and all at once; the browser would stop at the first.
        attrs.pop("required", None)
        # The packages' forms put labels inside their boxes, where they vanish as one types.
        if "placeholder" in widget.attrs:
            attrs["placeholder"] = False
        own = class_of(widget)
        if own:
            given = f"{widget.attrs.get('class', '')} {attrs.get('class', '')}"
            classes = [*own.split(), *given.split()]
            if self.errors and classes[0] in {"govuk-input", "govuk-select", "govuk-textarea", "govuk-file-upload"}:
                classes.append(f"{classes[0]}--error")
            # A box is as wide as what belongs in it: amounts and numbers are short.
            if (self.prefix_text or isinstance(widget, forms.NumberInput)) and "--width-" not in given:
                classes.append("govuk-input--width-10")
            attrs["class"] = " ".join(dict.fromkeys(classes))
        # Django's default of ten lines pushes the next question out of sight.
        if isinstance(widget, forms.Textarea) and widget.attrs.get("rows") == "10":
            attrs.setdefault("rows", "4")
        return attrs

    @property
    def prefix_text(self) -> str:
        return getattr(self.field, "prefix_text", "")

    @property
    def suffix_text(self) -> str:
        return getattr(self.field, "suffix_text", "")

    @property
    def is_single_checkbox(self) -> bool:
        """A lone box, whose label stands beside it and not above."""
        return isinstance(self.field.widget, forms.CheckboxInput)

    @property
    def marked_optional(self) -> bool:
        """Whether the label says "(optional)": most fields are asked for because they are needed."""
        return (
            not self.field.required
            and not self.field.disabled
            and not self.is_single_checkbox
            and getattr(self.form, "marks_optional", True)
        )

    @property
    def anchor(self) -> str:
        """The id that the error summary links to: the first box of a group."""
        widget_id = self.field.widget.attrs.get("id") or self.auto_id
        grouped = isinstance(self.field.widget, forms.RadioSelect | forms.CheckboxSelectMultiple | forms.MultiWidget)
        return f"{widget_id}_0" if grouped else widget_id


class GovukRenderer(TemplatesSetting):
    """Every form of the system, the packages' own included, in GOV.UK clothes."""

    bound_field_class = GovukBoundField
