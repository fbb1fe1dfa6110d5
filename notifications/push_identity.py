"""By which key push services know this installation (VAPID, RFC 8292): made once and sealed."""

from __future__ import annotations

import base64
from email.utils import parseaddr
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from django.conf import settings
from django.db import IntegrityError, models, transaction
from django.utils.translation import gettext_lazy as _
from py_vapid import Vapid02

from .secret_box import seal, unseal


class PushIdentity(models.Model):
    """One row: the private key sealed, the public one as browsers want it (base64url of the point, RFC 8292)."""

    sealed = models.TextField(editable=False)
    public_key = models.CharField(_("public key"), max_length=100, editable=False)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name = _("identity for push services")
        verbose_name_plural = _("identities for push services")

    def __str__(self) -> str:
        return self.public_key[:12]

    def signed_for(self, audience: str) -> dict[str, str]:
        """The header that signs a message to a push service (scheme and host), with whom its people may write to.

        Raises:
            secret_box.SecretsUnreadable: the key was stored with another secret key.
        """
        signer: Any = Vapid02.from_pem(unseal(self.sealed)["private_key"].encode())
        contact = f"mailto:{parseaddr(settings.DEFAULT_FROM_EMAIL)[1]}"
        headers: dict[str, str] = signer.sign({"aud": audience, "sub": contact})
        return headers


def identity() -> PushIdentity:
    """That of this installation; made at the first call."""
    found = PushIdentity.objects.first()
    if found:
        return found
    key = ec.generate_private_key(ec.SECP256R1())
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    point = key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    try:
        with transaction.atomic():
            return PushIdentity.objects.create(pk=1, sealed=seal({"private_key": pem}), public_key=encoded(point))
    except IntegrityError:  # another process was first
        return PushIdentity.objects.get(pk=1)


def encoded(data: bytes) -> str:
    """base64url without padding."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def decoded(text: str) -> bytes:
    """Raises ValueError for what is no base64url."""
    return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
