"""``{% load ems %}``: the ways to write figures, times and durations, in templates."""

from __future__ import annotations

from django import template

from core import formatting

register = template.Library()

for write in (formatting.figure, formatting.power_factor, formatting.share, formatting.duration):
    register.filter(write.__name__, write)
for tag in (formatting.moment, formatting.ago):
    register.simple_tag(tag, takes_context=True)
