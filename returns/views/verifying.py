"""The page where a file is dropped to see whether it is what was certified."""

from typing import Any

from django.http import HttpResponse

from board.uploads import TakesUpload
from core.forms import ActForm, UploadField, add_problems
from core.problems import Refused
from returns.verifying import Verdict, verify_for


class VerifyForm(ActForm):
    """The file."""

    file = UploadField(kinds=(".xlsx", ".pdf"), label="The file", help_text="The workbook or the PDF of a return.")

    marks_optional = False


class Verify(TakesUpload):
    """Drop a file: it matches a certified return, or it does not. Nothing of it is kept."""

    action, heading, button, form_class = "files.verify", "Verify a file", "Verify the file", VerifyForm
    lead = "Whether a workbook or a PDF is what was certified, to the byte. The file is not kept; that you asked is."
    template_name = "returns/verify.html"

    def form_valid(self, form: Any) -> HttpResponse:
        file = form.cleaned_data["file"]
        try:
            verdict: Verdict = verify_for(file.read(), file.name, by=self.request.user)
        except Refused as refusal:
            add_problems(form, refusal.problems)
            return self.form_invalid(form)
        return self.render_to_response(self.get_context_data(form=self.form_class(), verdict=verdict))
