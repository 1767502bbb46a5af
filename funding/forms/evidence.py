"""Which files prove what: sent, matched to entries, confirmed."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError
from django.template.defaultfilters import filesizeformat

from board.files import Stored
from board.models import Organisation, StoredFile
from core.file_kinds import ENDINGS, TAKEN
from core.forms import ActForm, FilesField, day_in_words
from core.money import in_words
from funding.evidence import Attachment, is_sensitive, usual_kind
from funding.evidence_matching import Match, named
from funding.models import Evidence, Transaction

NO_NAMES = "I have looked: none of these files names a victim, a client or a refuge"
NO_NAMES_NEEDED = "Confirm that no file names a victim, a client or a refuge"
RESTRICTED_HELP = "Only your organisation’s finance officers, chief finance officer and auditors may open it."
MEGABYTE = 1024 * 1024
# An answer to what a file is, beside those of Evidence.What: that it should not be here.
DISCARD = "discard"
# What is offered of a number that several entries bear.
SHOWN_ENTRIES = 4


def files_field(**kwargs: Any) -> FilesField:
    """The box for a drop of files."""
    each, together = settings.UPLOAD_LIMIT_BYTES // MEGABYTE, settings.DROP_LIMIT_BYTES // MEGABYTE
    most = settings.DATA_UPLOAD_MAX_NUMBER_FILES
    help_text = f"{TAKEN}. At most {each} MB each, {most} files and {together} MB together."
    return FilesField(
        help_text=help_text, widget=FilesField.widget(attrs={"accept": ",".join(ENDINGS), "data-drop": ""}), **kwargs
    )


def words_of_file(file: StoredFile) -> str:
    return f"{file.name} ({file.get_kind_display()}, {filesizeformat(file.size)})"


def words_of_entry(entry: Transaction) -> str:
    """An entry in a line: what an officer tells it by."""
    who = entry.supplier_name or entry.description
    parts = (entry.reference, entry.document_number, who, in_words(entry.cost), day_in_words(entry.accounting_on))
    return " · ".join(part for part in parts if part)


class DropForm(ActForm):
    """Many files at once."""

    files = files_field(label="Files")


class EntryEvidenceForm(ActForm):
    """Files for one entry: sent now, or sent before and attached to nothing yet."""

    marks_optional = False

    staged = forms.MultipleChoiceField(
        label="Files that you sent and that are attached to nothing yet",
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )
    files = files_field(label="Files", required=False)
    what = forms.ChoiceField(label="What are they?", choices=Evidence.What.choices)
    restricted = forms.BooleanField(label="Restrict them", required=False, help_text=RESTRICTED_HELP)
    confirmed_no_names = forms.BooleanField(label=NO_NAMES, error_messages={"required": NO_NAMES_NEEDED})

    def __init__(
        self, *args: Any, entry: Transaction, staged: Sequence[StoredFile], sent: Stored | None = None, **kwargs: Any
    ) -> None:
        """`sent`: what became of the files that came with this form; those that are kept count as chosen."""
        super().__init__(*args, **kwargs)
        self.staged, self.sent = {str(file.pk): file for file in staged}, sent
        self.fields["what"].initial = usual_kind(entry)
        if is_sensitive(entry):
            del self.fields["restricted"]
        if not staged:
            del self.fields["staged"]
            return
        self.fields["staged"].choices = [(key, words_of_file(file)) for key, file in self.staged.items()]
        if sent is not None and self.is_bound:
            chosen = [*self.data.getlist("staged"), *(str(file.pk) for file in sent.files)]
            self.data = self.data.copy()
            self.data.setlist("staged", [key for key in dict.fromkeys(chosen) if key in self.staged])

    def clean(self) -> dict[str, Any]:
        given = super().clean() or {}
        for problem in self.sent.refused if self.sent else ():
            self.add_error("files", ValidationError(problem.message, code=problem.code))
        if not given.get("staged") and "files" not in self.errors:
            self.add_error("files", "Choose at least one file")
        return given

    def attachments(self, entry: Transaction) -> list[Attachment]:
        given = self.cleaned_data
        return [
            Attachment(self.staged[key], [entry], given["what"], given.get("restricted", False), "files")
            for key in given["staged"]
        ]


@dataclass(frozen=True)
class MatchRow:
    """One file on its way to its entries, with its boxes and what its name says."""

    file: StoredFile
    told: str
    candidates: tuple[str, ...]
    boxes: tuple[forms.BoundField, ...]


class MatchForm(ActForm):
    """For each file the entries that it proves, what it is, and whether it is restricted; or that it is discarded."""

    marks_optional = False

    # Asked for only where something is attached.
    confirmed_no_names = forms.BooleanField(label=NO_NAMES, required=False)

    def __init__(
        self, *args: Any, staged: Mapping[StoredFile, Match], organisation: Organisation, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.staged, self.organisation = staged, organisation
        for file, match in staged.items():
            entry = match.entry
            self.fields[f"entries-{file.pk}"] = forms.CharField(
                label="Entry",
                required=False,
                initial=entry.reference if entry else "",
            )
            self.fields[f"what-{file.pk}"] = forms.ChoiceField(
                label="What it is",
                choices=[*Evidence.What.choices, (DISCARD, "Sent by mistake: discard it")],
                initial=usual_kind(entry) if entry else Evidence.What.INVOICE,
            )
            self.fields[f"restricted-{file.pk}"] = forms.BooleanField(label="Restrict it", required=False)
        # The tick comes last, after everything that it speaks of.
        self.order_fields([*(name for name in self.fields if name != "confirmed_no_names"), "confirmed_no_names"])

    def rows(self) -> Iterator[MatchRow]:
        """The files with their boxes, in the order in which they were sent."""
        for file, match in self.staged.items():
            boxes = tuple(self[f"{name}-{file.pk}"] for name in ("entries", "what", "restricted"))
            if match.entry:
                told, shown = f"Its name matches {words_of_entry(match.entry)}", ()
            elif match.entries:
                told = f"Its name matches {len(match.entries)} entries. Enter the one that is meant."
                shown = tuple(words_of_entry(entry) for entry in match.entries[:SHOWN_ENTRIES])
            else:
                told, shown = "Its name holds no document number of your entries.", ()
            yield MatchRow(file, told, shown, boxes)

    def clean(self) -> dict[str, Any]:
        given = super().clean() or {}
        self.discarded = [file for file in self.staged if given.get(f"what-{file.pk}") == DISCARD]
        kept = [file for file in self.staged if file not in self.discarded]
        typed = {file: _typed(given.get(f"entries-{file.pk}", "")) for file in kept}
        found = named({words for numbers in typed.values() for words in numbers}, self.organisation)
        for file, numbers in typed.items():
            for words in numbers:
                if len(found[words]) != 1:
                    self.add_error(f"entries-{file.pk}", _unclear(words, found[words]))
        if any(typed.values()) and not given.get("confirmed_no_names"):
            self.add_error("confirmed_no_names", NO_NAMES_NEEDED)
        if not any(typed.values()) and not self.discarded:
            self.add_error(None, "Nothing is attached yet. Enter the entry of at least one file.")
        self.found = {file: [found[words][0] for words in numbers if found[words]] for file, numbers in typed.items()}
        return given

    def attachments(self) -> list[Attachment]:
        given = self.cleaned_data
        return [
            Attachment(file, entries, given[f"what-{file.pk}"], given[f"restricted-{file.pk}"], f"entries-{file.pk}")
            for file, entries in self.found.items()
            if entries
        ]


def _typed(words: str) -> list[str]:
    return [part for part in (one.strip() for one in words.replace(";", ",").split(",")) if part]


def _unclear(words: str, found: Sequence[Transaction]) -> str:
    if not found:
        return f"Your ledger has no entry or document “{words}”. Check the number"
    return (
        f"“{words}” is on {', '.join(entry.reference for entry in found[:SHOWN_ENTRIES])}. Enter the one that is meant"
    )
