"""The addresses of second factors: of django-allauth's views those that are used here, under its names for them."""

from __future__ import annotations

from django.urls import path, reverse_lazy

from . import second_factor_views as views

INDEX = reverse_lazy("mfa_index")
urlpatterns = [
    path("sign-in/second-factor/", views.SecondFactorView.as_view(), name="mfa_authenticate"),
    path("sign-in/confirm/", views.ConfirmByPasswordView.as_view(), name="account_reauthenticate"),
    path("sign-in/confirm/code/", views.ConfirmByCodeView.as_view(), name="mfa_reauthenticate"),
    path("sign-in/confirm/key/", views.ConfirmByKeyView.as_view(), name="mfa_reauthenticate_webauthn"),
    path("second-factor/", views.FactorsView.as_view(), name="mfa_index"),
    path("second-factor/app/", views.AddAppView.as_view(), name="mfa_activate_totp"),
    path("second-factor/app/end/", views.EndAppView.as_view(success_url=INDEX), name="mfa_deactivate_totp"),
    path("second-factor/keys/", views.AddKeyView.as_view(), name="mfa_add_webauthn"),
    path("second-factor/keys/<int:pk>/end/", views.EndKeyView.as_view(success_url=INDEX), name="mfa_remove_webauthn"),
    path("second-factor/recovery-codes/", views.RecoveryCodesView.as_view(), name="mfa_view_recovery_codes"),
    path("second-factor/recovery-codes/new/", views.NewRecoveryCodesView.as_view(), name="mfa_generate_recovery_codes"),
]
NEEDED_FOR_SETUP = {
    "account_reauthenticate", "mfa_reauthenticate", "mfa_reauthenticate_webauthn", "mfa_index", "mfa_activate_totp",
    "mfa_add_webauthn", "mfa_view_recovery_codes", "logout", "admin:logout",
}  # fmt: skip
