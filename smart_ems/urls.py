"""The URLs of the project."""

from __future__ import annotations

from django.contrib import admin
from django.contrib.auth import views as auth
from django.contrib.auth.decorators import login_not_required
from django.urls import include, path
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerSplitView

from notifications.browser_views import push_worker
from notifications.views import heartbeat_page
from smart_ems.accounts import invitation_page, oidc_views, password_reset_views, session_views, token_views
from smart_ems.accounts.password_change import OwnPasswordView
from smart_ems.accounts.sign_in_page import SignInView

from . import api
from .change_history import change_views
from .dashboard import loss_views, personal, topology_page, upload_views, views
from .observability.scrape import figures

handler400 = "smart_ems.api_errors.bad_request"
handler403 = "smart_ems.api_errors.forbidden"
handler404 = "smart_ems.api_errors.not_found"
handler500 = "smart_ems.api_errors.server_error"
urlpatterns = [
    path("", views.dashboard, name="dashboard"),
    path("dashboard/counters/", views.counters, name="dashboard-counters"),
    path("dashboard/freshness/", views.freshness, name="freshness"),
    path("dashboard/losses/", loss_views.losses, name="dashboard-losses"),
    path("dashboard/status/", views.status_cards, name="dashboard-status"),
    path("dashboard/topology/", topology_page.figure, name="topology"),
    path("dashboard/topology/<str:code>/", topology_page.panel, name="topology-panel"),
    path("episodes/<int:pk>/", topology_page.episode, name="episode"),
    path("events/", views.stream, name="events"),
    path("favicon.ico", views.favicon, name="favicon"),
    path("healthz", views.health, name="health"),
    path("metrics", figures, name="metrics"),
    path("readyz", views.ready, name="ready"),
    # The person at the screen
    path("search/", personal.search, name="search"),
    path("preferences/", personal.preferences, name="preferences"),
    path("design/", personal.design, name="design"),
    # Sign-in
    path("sign-in/", SignInView.as_view(), name="login"),
    path("sign-in/", SignInView.as_view(), name="account_login"),  # as allauth calls it
    path("", include("smart_ems.accounts.second_factor_urls")),
    path("sign-in/forgotten/", password_reset_views.ForgotPasswordView.as_view(), name="forgot-password"),
    path(
        "sign-in/reset/<str:uidb64>/<str:token>/",
        password_reset_views.ResetPasswordView.as_view(),
        name="reset-password",
    ),
    path("sign-in/provider/", oidc_views.begin, name="provider-sign-in"),
    path("sign-in/provider/callback/", oidc_views.callback, name="provider-callback"),
    path("invitation/<str:secret>/", invitation_page.invitation, name="invitation"),
    path("sign-out/", login_not_required(auth.LogoutView.as_view()), name="logout"),
    path("password/", OwnPasswordView.as_view(), name="password_change"),
    path("password/done/", auth.PasswordChangeDoneView.as_view(), name="password_change_done"),
    path("tokens/", token_views.tokens, name="tokens"),
    path("tokens/<int:pk>/revoke/", token_views.revoke_token, name="revoke-token"),
    path("changes/", change_views.changes, name="changes"),
    path("sessions/", session_views.session_list, name="sessions"),
    path("sessions/<int:pk>/end/", session_views.end_session, name="end-session"),
    path("sessions/end-others/", session_views.end_other_sessions, name="end-other-sessions"),
    # Apps
    path("substations/", views.substation_list, name="substations"),
    path("substations/<str:code>/state/", topology_page.state, name="substation-state"),
    path("substations/", include("substations.urls")),
    path("alerts/", include("alerts.urls")),
    path("notifications/", include("notifications.urls")),
    path("heartbeat/", heartbeat_page, name="heartbeat"),
    path("push-worker.js", push_worker, name="push-worker"),
    path("uploads/<int:pk>/progress/", upload_views.progress, name="upload-progress"),
    path("uploads/", include("ingestion.urls")),
    path("models/", include("mlcore.web.urls")),
    path("losses/", include("losses.urls")),
    path("reports/", include("reports.urls")),
    path("admin/", admin.site.urls),
    # API
    path("api/", include(api.router.urls)),
    path("api/token/", api.token, name="api-token"),
    path("api/schema/", SpectacularAPIView.as_view(), name="api-schema"),
    path("api/docs/", SpectacularSwaggerSplitView.as_view(url_name="api-schema"), name="api-docs"),
]
