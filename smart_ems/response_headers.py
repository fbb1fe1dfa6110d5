"""Headers that every answer carries unless its view says otherwise."""

from __future__ import annotations

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils.deprecation import MiddlewareMixin

# What no page uses; Permissions Policy (W3C). Sound, notifications and full screen are used and stay.
UNUSED = (
    "accelerometer",
    "bluetooth",
    "camera",
    "display-capture",
    "geolocation",
    "gyroscope",
    "hid",
    "magnetometer",
    "microphone",
    "midi",
    "payment",
    "serial",
    "usb",
)
PERMISSIONS_POLICY = ", ".join(f"{name}=()" for name in UNUSED)


class ResponseHeadersMiddleware(MiddlewareMixin):
    """``Cache-Control: no-store``: what one person may see stays in no cache of a shared computer or a proxy.

    Static files never come here.
    """

    def process_response(self, request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
        response.headers.setdefault("Cache-Control", "no-store")
        response.headers.setdefault("Permissions-Policy", PERMISSIONS_POLICY)
        return response
