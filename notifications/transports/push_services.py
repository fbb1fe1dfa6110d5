"""Chat, SMS and push over apprise, by its addresses (slack://, tgram://, msteams://, ntfy://, …).

Only schemes that are named here: others of that library read files, start programs or speak to any host. It tries once;
trying again is ours.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs, urlsplit

from django.utils.translation import gettext as _

from core.retries import reason_of

from ..network_addresses import AddressRefused, checked_address
from ..outbox_models import OutgoingMessage
from . import TransportFailed

HOSTED = frozenset({
    "burstsms", "clickatell", "clicksend", "d7sms", "discord", "flock", "gchat", "guilded", "kavenegar", "line",
    "msg91", "msgbird", "nexmo", "opsgenie", "pagerduty", "pagertree", "plivo", "pover", "prowl", "pushed", "pushy",
    "sendgrid", "seven", "signl4", "simplepush", "sinch", "slack", "sns", "splunk", "spugpush", "squadcast", "tgram",
    "threema", "twilio", "victorops", "voipms", "vonage", "webex", "whatsapp", "workflow", "workflows", "wxteams",
    "zulip",
})  # fmt: skip
"""Services at addresses of their own, which nobody else can name."""
OWN_HOST = frozenset({
    "bark", "barks", "gotify", "gotifys", "matrix", "matrixs", "mmost", "mmosts", "ntfy", "ntfys", "rocket", "rockets",
    "signal", "signals",
})  # fmt: skip
"""Services that somebody runs: the host stands in the address, and is checked like that of a webhook."""
READS_FILES = frozenset({"template", "keyfile", "attach", "subset"})
"""Arguments by which an address makes the library read a file of this machine or fetch another address."""
PORT_TO_LOOK_UP = 443


def scheme_of(url: str) -> str:
    return urlsplit(url.strip()).scheme.lower()


def target_of(url: str) -> Any:
    """What apprise makes of an address. TransportFailed where the scheme is not allowed or the address is not whole."""
    scheme = scheme_of(url)
    if scheme not in HOSTED | OWN_HOST:
        said = _("“%(scheme)s” is not allowed; expected one of %(known)s.")
        known = ", ".join(sorted(HOSTED | OWN_HOST))
        raise TransportFailed(said % {"scheme": scheme[:20], "known": known}, permanent=True)
    given = {name.lower() for name in parse_qs(urlsplit(url).query, keep_blank_values=True)}
    if refused := sorted(given & READS_FILES):
        said = _("The argument “%(name)s” is not allowed in an address.") % {"name": refused[0]}
        raise TransportFailed(said, permanent=True)
    import apprise  # loads its hundred services: half a second that only this needs

    asset = apprise.AppriseAsset(default_service_retry=0, secure_logging=True)
    target = apprise.Apprise.instantiate(url.strip(), asset=asset, suppress_exceptions=True)
    if target is None:
        said = _("The address of “%(scheme)s” is not whole.") % {"scheme": scheme}
        raise TransportFailed(said, permanent=True)
    target.retry = 0  # an address may ask for its own
    target.redirects = False
    return target


def push(message: OutgoingMessage) -> None:
    """Send once. The library tells whether it worked, not why it did not."""
    url = str(message.channel.secrets.get("url", ""))
    target = target_of(url)
    if scheme_of(url) in OWN_HOST and target.host:
        try:
            checked_address(target.host, target.port or PORT_TO_LOOK_UP)
        except AddressRefused as error:
            raise TransportFailed(str(error), permanent=True) from error
        except OSError as error:
            raise TransportFailed(reason_of(error)) from error
    text = message.short if message.channel.is_short else message.text
    title = "" if message.channel.is_short else message.subject
    try:
        sent = target.notify(body=text, title=title)
    except (TypeError, OSError, ValueError) as error:
        raise TransportFailed(reason_of(error)) from error
    if not sent:
        raise TransportFailed(_("“%(scheme)s” did not take the message.") % {"scheme": scheme_of(url)})
