"""Pages that take files, and refuse what is too large before a byte of it is read."""

from dataclasses import replace
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import UploadedFile
from django.forms import BaseForm
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.utils.decorators import method_decorator
from django.views.decorators.csrf import csrf_exempt, csrf_protect

from board.files import store
from board.models import StoredFile
from board.views import ActPage
from core.problems import Refused

# The boxes and boundaries that a browser sends around the files.
ENVELOPE_BYTES = 64 * 1024


# The size is looked at before anything is read, and the token that comes inside the upload after that.
@method_decorator(csrf_exempt, name="dispatch")
class TakesUpload(ActPage):
    """A page that takes what the form's `field` holds. A subclass says how much, and what to do with more."""

    field = "file"
    too_large = "The file is too large: the most that is taken is {limit} MB"

    def most_bytes(self) -> int:
        """The most that is taken in one sending."""
        return settings.UPLOAD_LIMIT_BYTES

    def keep(self, upload: UploadedFile) -> StoredFile:
        """Store the one file that was sent. Refused at its box, in words, where it is not of a kind that is kept."""
        stored = store(uploads=[upload], by=self.request.user)
        if stored.refused:
            raise Refused([replace(problem, where=self.field) for problem in stored.refused])
        return stored.files[0]

    def empty_form(self) -> BaseForm:
        """The form with nothing in it, to bear the refusal of what was not read."""
        return self.form_class({})

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if request.method == "POST" and self.allowed() and self.is_too_large():
            return self.refuse_unread()
        return self.protected(request, *args, **kwargs)

    @method_decorator(csrf_protect)
    def protected(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        return super().dispatch(request, *args, **kwargs)

    def is_too_large(self) -> bool:
        """Whether what is being sent is larger than anything that is taken; nothing of it is read for this."""
        try:
            sent = int(self.request.META.get("CONTENT_LENGTH") or 0)
        except ValueError:
            return True
        return sent > self.most_bytes() + ENVELOPE_BYTES

    def refuse_unread(self) -> HttpResponse:
        form = self.empty_form()
        form.is_valid()
        form.errors.clear()
        limit = self.most_bytes() // (1024 * 1024)
        form.add_error(self.field, ValidationError(self.too_large.format(limit=limit), code="size"))
        response = self.render_to_response(self.get_context_data(form=form), status=413)
        # The rest of the upload is not read, so the connection cannot be used again.
        response["Connection"] = "close"
        return response

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(**{"limit_bytes": self.most_bytes(), **kwargs})
