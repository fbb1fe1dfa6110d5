"""Currencies in use by their ISO 4217 code, and how an amount is written."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal

CURRENCIES = frozenset(
    """
    AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BGN BHD BIF BMD BND BOB BRL BSD BTN BWP BYN BZD CAD CDF CHF CLP
    CNY COP CRC CUP CVE CZK DJF DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GNF GTQ GYD HKD HNL HTG HUF
    IDR ILS INR IQD IRR ISK JMD JOD JPY KES KGS KHR KMF KPW KRW KWD KYD KZT LAK LBP LKR LRD LSL LYD MAD MDL MGA MKD
    MMK MNT MOP MRU MUR MVR MWK MXN MYR MZN NAD NGN NIO NOK NPR NZD OMR PAB PEN PGK PHP PKR PLN PYG QAR RON RSD RUB
    RWF SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SYP SZL THB TJS TMT TND TOP TRY TTD TWD TZS UAH UGX USD UYU
    UZS VES VND VUV WST XAF XCD XOF XPF YER ZAR ZMW ZWG
    """.split()  # noqa: SIM905 (a table is easier to read)
)
SYMBOLS = {
    "EUR": "€", "GBP": "£", "INR": "₹", "USD": "$", "BRL": "R$", "TRY": "₺", "KRW": "₩", "CNY": "CN¥", "MYR": "RM",
    "ZAR": "R", "JPY": "JP¥", "VND": "₫", "PHP": "₱", "THB": "฿", "ILS": "₪", "NGN": "₦", "UAH": "₴", "KZT": "₸",
}  # fmt: skip
# ISO 4217, list one: the minor units of what does not have two of them.
MINOR_UNITS = dict.fromkeys(
    ["BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "PYG", "RWF", "UGX", "VND", "VUV", "XAF", "XOF", "XPF"], 0
) | (dict.fromkeys(["BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"], 3))
IN_LAKHS = frozenset({"INR", "PKR", "NPR", "BDT"})
"""Written in lakh and crore, in groups of two digits left of the last three."""


def minor_units(currency: str) -> int:
    """To how many decimals amounts of a currency are written, where nothing else is said."""
    return MINOR_UNITS.get(currency, 2)


def rounded(amount: Decimal, decimals: int) -> Decimal:
    """To so many decimals, half up, as bills do."""
    return amount.quantize(Decimal(1).scaleb(-decimals), ROUND_HALF_UP)


def money(amount: Decimal, currency: str, decimals: int | None = None) -> str:
    """An amount as it is shown: ``₹ 12,34,567.80`` in rupees (lakh and crore), ``€ 1,234,567.80`` elsewhere."""
    value = rounded(amount, minor_units(currency) if decimals is None else decimals)
    sign = "−" if value < 0 else ""
    whole, _, fraction = f"{abs(value):f}".partition(".")
    grouped = _lakhs(whole) if currency in IN_LAKHS else f"{int(whole):,}"
    return f"{sign}{SYMBOLS.get(currency, currency)}\N{NO-BREAK SPACE}{grouped}{'.' + fraction if fraction else ''}"


def _lakhs(whole: str) -> str:
    """Groups of two digits left of the last three."""
    head, tail = whole[:-3], whole[-3:]
    groups = [head[max(end - 2, 0) : end] for end in range(len(head), 0, -2)][::-1]
    return ",".join([*groups, tail])
