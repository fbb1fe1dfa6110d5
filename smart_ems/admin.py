"""The Django admin under the product's name."""

from __future__ import annotations

from django.contrib.admin import AdminSite
from django.utils.translation import gettext_lazy as _


class Site(AdminSite):
    site_title = _("Smart EMS")
    site_header = _("Smart EMS administration")
    index_title = _("Administration")
