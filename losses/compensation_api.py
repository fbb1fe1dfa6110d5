"""The REST API of recommended banks, prices, and changes with their proof."""

from __future__ import annotations

from rest_framework import serializers, viewsets

from losses.compensation_models import BankPrice, BankRecommendation, CompensationChange, CompensationProof


class BankRecommendationSerializer(serializers.ModelSerializer[BankRecommendation]):
    """Savings and losses are of a year, amounts in ``currency``; null is not known, ``assumptions`` says why.

    ``figures``: what the bank was sized by, resonance and voltage rise as [low, high].
    """

    substation = serializers.CharField(source="substation.code", read_only=True)
    total_kvar = serializers.FloatField(source="bank.total_kvar", read_only=True)

    class Meta:
        model = BankRecommendation
        fields = (
            "substation", "since", "until", "known_h", "outcome", "target_power_factor", "total_kvar", "fixed_kvar",
            "step_kvar", "step_count", "inverter_kvar", "guard", "loss_saved_kwh", "line_saved_kwh", "released_kva",
            "bill_saved", "loss_amount", "cost_low", "cost_high", "payback_low_years", "payback_high_years", "currency",
            "rank", "rank_saved_kwh", "figures", "assumptions", "computed_at",
        )  # fmt: skip


class BankRecommendationViewSet(viewsets.ReadOnlyModelViewSet[BankRecommendation]):
    """What to do about missing kvar, by substation, as it was worked out when the last day closed."""

    queryset = BankRecommendation.objects.select_related("substation")
    serializer_class = BankRecommendationSerializer
    lookup_field = "substation__code"
    lookup_url_kwarg = "code"
    lookup_value_regex = "[^/]+"
    filterset_fields = ("outcome", "guard", "substation__site")


class CompensationProofSerializer(serializers.ModelSerializer[CompensationProof]):
    class Meta:
        model = CompensationProof
        exclude = ("change", "decimals")


class CompensationChangeSerializer(serializers.ModelSerializer[CompensationChange]):
    """``proof``: before and after at equal active power; null until a day after the change is known."""

    substation = serializers.CharField(source="substation.code", read_only=True)
    proof = CompensationProofSerializer(read_only=True, default=None)

    class Meta:
        model = CompensationChange
        fields = ("id", "substation", "fitted_on", "kind", "kvar", "note", "proof")


class CompensationChangeViewSet(viewsets.ReadOnlyModelViewSet[CompensationChange]):
    """What was fitted, mended or taken out, and what it did."""

    queryset = CompensationChange.objects.select_related("substation", "proof")
    serializer_class = CompensationChangeSerializer
    filterset_fields = ("kind", "substation__code")


class BankPriceSerializer(serializers.ModelSerializer[BankPrice]):
    class Meta:
        model = BankPrice
        fields = ("kind", "currency", "up_to_kvar", "low", "high", "source", "source_date", "is_example")


class BankPriceViewSet(viewsets.ReadOnlyModelViewSet[BankPrice]):
    """The table of prices, by the kvar."""

    queryset = BankPrice.objects.all()
    serializer_class = BankPriceSerializer
