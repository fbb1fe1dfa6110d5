"""What every page needs to draw its frame."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest


def navigation(request: HttpRequest) -> dict[str, Any]:
    """The name of the application whose entry in the main navigation is marked as current."""
    match = request.resolver_match
    section = (match.app_names[0] if match.app_names else match.url_name) if match else ""
    return {"section": section}
