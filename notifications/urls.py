from __future__ import annotations

from django.urls import path

from . import browser_views, channel_views, on_call_views, outbox_views, views

app_name = "notifications"
urlpatterns = [
    path("", views.routes, name="routes"),
    path("first/", views.first_route, name="first-route"),
    path("routes/new/", views.add_route, name="add-route"),
    path("routes/<int:pk>/", views.route, name="route"),
    path("routes/<int:pk>/remove/", views.remove_route, name="remove-route"),
    path("channels/", channel_views.channels, name="channels"),
    path("channels/new/", channel_views.add_channel, name="add-channel"),
    path("channels/<int:pk>/", channel_views.channel, name="channel"),
    path("channels/<int:pk>/test/", channel_views.try_channel, name="test-channel"),
    path("channels/<int:pk>/rotate/", channel_views.rotate_secret, name="rotate-secret"),
    path("channels/<int:pk>/retire/", channel_views.retire_secret, name="retire-secret"),
    path("channels/<int:pk>/switch/", channel_views.switch_channel, name="switch-channel"),
    path("channels/<int:pk>/remove/", channel_views.remove_channel, name="remove-channel"),
    path("browser/", browser_views.subscribe, name="browser"),
    path("browser/off/", browser_views.unsubscribe, name="browser-off"),
    path("policies/", on_call_views.policies, name="policies"),
    path("policies/new/", on_call_views.add_policy, name="add-policy"),
    path("policies/<int:pk>/", on_call_views.policy, name="policy"),
    path("policies/<int:pk>/remove/", on_call_views.remove_policy, name="remove-policy"),
    path("rotations/", on_call_views.rotations, name="rotations"),
    path("rotations/new/", on_call_views.add_rotation, name="add-rotation"),
    path("rotations/<int:pk>/", on_call_views.rotation, name="rotation"),
    path("rotations/<int:pk>/remove/", on_call_views.remove_rotation, name="remove-rotation"),
    path("holidays/<int:pk>/remove/", on_call_views.remove_absence, name="remove-absence"),
    path("quiet-hours/", on_call_views.quiet_hours, name="quiet-hours"),
    path("deliveries/", outbox_views.deliveries, name="deliveries"),
    path("dead-letters/", outbox_views.dead_letters, name="dead-letters"),
    path("dead-letters/dismiss/", outbox_views.dismiss_all, name="dismiss-all"),
    path("messages/<uuid:pk>/again/", outbox_views.send_again, name="send-again"),
    path("messages/<uuid:pk>/dismiss/", outbox_views.dismiss, name="dismiss"),
    path("acknowledge/<str:token>/", outbox_views.acknowledge, name="acknowledge"),
]
