"""Mails about accounts."""

from __future__ import annotations

from celery import shared_task

from . import password_reset


@shared_task
def mail_reset_links(address: str, asked_from: str) -> None:
    password_reset.mail_links(address, asked_from)
