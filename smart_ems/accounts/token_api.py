"""Tokens by the API: one for a name and a password, and one's own to look at and to revoke."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError as DjangoValidationError
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema
from rest_framework import mixins, serializers, status, viewsets
from rest_framework.authtoken.serializers import AuthTokenSerializer
from rest_framework.exceptions import PermissionDenied, ValidationError
from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from smart_ems.permissions import KnownParameters
from smart_ems.throttles import AnonymousThrottle

from . import api_tokens, second_factor, second_factor_forms
from .security_events import Kind, record_token
from .token_models import ApiToken, Scope
from .token_scopes import HasScope


class ApiTokenSerializer(serializers.ModelSerializer[ApiToken]):
    """One token; ``hint`` is how it begins. The token itself is shown where it is made, and never again."""

    scopes = serializers.ListField(child=serializers.ChoiceField(choices=Scope.choices), read_only=True)

    class Meta:
        model = ApiToken
        fields = ("id", "name", "hint", "scopes", "created_at", "expires_at", "last_used_at")
        read_only_fields = fields


class MadeTokenSerializer(serializers.Serializer[Any]):
    token = serializers.CharField(help_text="Shown this one time.")
    expires_at = serializers.DateTimeField()


class ApiTokenViewSet(
    mixins.ListModelMixin, mixins.RetrieveModelMixin, mixins.DestroyModelMixin, viewsets.GenericViewSet[ApiToken]
):
    """Your own tokens: look, and revoke (DELETE). They are made on the page of tokens or by name and password."""

    queryset = ApiToken.objects.all()
    serializer_class = ApiTokenSerializer
    permission_classes = (HasScope, IsAuthenticated, KnownParameters)

    def get_queryset(self) -> QuerySet[ApiToken]:
        return super().get_queryset().filter(user=self.request.user.pk).select_related("user")

    def perform_destroy(self, instance: ApiToken) -> None:
        instance.delete()
        record_token(Kind.TOKEN_REVOKED, instance, request=self.request)


class NameAndPasswordSerializer(AuthTokenSerializer):
    """With a code, where the account has a second factor: the API is no way round it."""

    code = serializers.CharField(
        required=False, max_length=32, write_only=True, help_text="Of the authenticator app, or a recovery code."
    )

    def validate(self, attrs: Any) -> Any:
        """
        Raises:
            PermissionDenied: the account needs a second factor and has none yet.
        """
        found = super().validate(attrs)
        if second_factor.has_one(found["user"]):
            if not attrs.get("code"):
                said = _("This account has a second factor: send its code as “code”, or make a token on its page.")
                raise ValidationError({"code": [said]})
            second_factor_forms.check_code(found["user"], attrs["code"], self.context["request"])
        elif second_factor.is_required_of(found["user"]):
            raise PermissionDenied(_("This account needs a second factor: sign in on the page to set it up first."))
        return found


class TokenByPasswordView(APIView):
    """Exchange a user name and password for a token of one day with every scope; few attempts are allowed."""

    authentication_classes = ()
    permission_classes = ()
    throttle_classes = (AnonymousThrottle,)

    @extend_schema(request=NameAndPasswordSerializer, responses=MadeTokenSerializer)
    def post(self, request: Request) -> Response:
        asked = NameAndPasswordSerializer(data=request.data, context={"request": request, "view": self})
        asked.is_valid(raise_exception=True)
        try:
            made, secret = api_tokens.make_by_password(asked.validated_data["user"], now=timezone.now())
        except DjangoValidationError as error:
            raise ValidationError({"detail": error.messages}) from error
        record_token(Kind.TOKEN_MADE, made, request=request)
        return Response(MadeTokenSerializer({"token": secret, "expires_at": made.expires_at}).data, status.HTTP_200_OK)
