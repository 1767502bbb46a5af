"""Files of a contract: attached, given out, taken away."""

from typing import Any

from django.contrib import messages
from django.forms import BaseForm
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect

from board.downloads import as_download
from board.uploads import TakesUpload
from board.views import ConfirmPage, Fact, Page
from contracts.filing import attach, give_out, take_away
from contracts.forms.followed import FileForm, TakeAwayForm
from contracts.models import ContractFile
from contracts.views.shared import WritesContract
from core.problems import Refused


class AddFile(WritesContract, TakesUpload):
    """Attach a file to the contract."""

    form_class, heading, button = FileForm, "Attach a file", "Attach"

    def act(self, form: FileForm) -> ContractFile:
        given = dict(form.cleaned_data)
        return attach(contract=self.object, file=self.keep(given.pop("file")), by=self.request.user, **given)

    def get_success_message(self, result: ContractFile) -> str:
        return f"{result.reference} is attached."


class GiveOut(Page):
    """The file itself, for those who may see it: always to be saved, never shown by the browser."""

    action = "contracts.read"

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        seen = ContractFile.objects.visible_to(request.user).in_force().select_related("file", "contract__programme")
        row = get_object_or_404(seen, contract__reference=kwargs["reference"], reference=kwargs["file"])
        try:
            data = give_out(contract_file=row, by=request.user)
        except Refused as refusal:
            messages.error(request, str(refusal))
            return redirect(row)
        return as_download(row.file, data)


class TakeFileAway(WritesContract, ConfirmPage):
    """Take a file away that is wrong, or names somebody."""

    form_class, button, danger = TakeAwayForm, "Take it away", True
    warning = "It stays on record with your reason, and nobody can open the file any more. This cannot be undone."

    @property
    def row(self) -> ContractFile:
        found = self.object.files.in_force().select_related("file", "contract")
        return get_object_or_404(found, reference=self.kwargs["file"])

    def get_heading(self) -> str:
        return f"Take {self.row.reference} away?"

    def get_facts(self) -> list[Fact]:
        return [Fact("File", self.row.file.name), Fact("What it is", self.row.get_what_display())]

    def get_initial(self) -> dict[str, Any]:
        return {"version": self.row.version}

    def act(self, form: BaseForm) -> ContractFile:
        given = form.cleaned_data
        return take_away(
            contract_file=self.row, reason=given["reason"], by=self.request.user, seen_version=given["version"]
        )

    def get_success_message(self, result: ContractFile) -> str:
        return f"{result.reference} is taken away."
