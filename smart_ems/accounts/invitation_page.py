"""The page of an invitation: name and password of a new account."""

from __future__ import annotations

from http import HTTPStatus

from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.forms import BaseUserCreationForm
from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from . import invitations


class NewAccountForm(BaseUserCreationForm[User]):
    class Meta:
        model = User
        fields = ("username", "first_name", "last_name")

    def __init__(self, data: object = None) -> None:
        super().__init__(data)
        for name, field in self.fields.items():
            field.widget.attrs |= {"class": "input"} | ({"autocomplete": "new-password"} if "password" in name else {})
        self.fields["username"].help_text = ""


@login_not_required
@require_http_methods(["GET", "POST"])
def invitation(request: HttpRequest, secret: str) -> HttpResponse:
    now = timezone.now()
    found = invitations.find(secret, now=now)
    if found is None:
        return render(request, "accounts/invitation_over.html", status=HTTPStatus.GONE)
    form = NewAccountForm(request.POST if request.method == "POST" else None)
    if not form.is_valid():
        return render(request, "accounts/invitation.html", {"form": form, "invitation": found})
    if not invitations.accept(found, form.save(commit=False), now=now, request=request):
        return render(request, "accounts/invitation_over.html", status=HTTPStatus.GONE)
    messages.success(request, _("Your account is made. Sign in with it."))
    return redirect("login")
