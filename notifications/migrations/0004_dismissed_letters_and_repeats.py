"""Dead letters can be dismissed, routes may repeat critical alarms, and old messages are found for deletion."""

from __future__ import annotations

import django.core.validators
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('alerts', '0023_system_alarms'),
        ('notifications', '0003_browser_channels'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            model_name='notificationroute',
            name='reminder_minutes',
            field=models.PositiveIntegerField(default=0, help_text='So often until somebody acknowledges, without an escalation policy; 0: never.', validators=[django.core.validators.MaxValueValidator(1440)], verbose_name='repeat of critical alarms (min)'),
        ),
        migrations.AddField(
            model_name='outgoingmessage',
            name='dismissed_at',
            field=models.DateTimeField(blank=True, null=True, verbose_name='dismissed'),
        ),
        migrations.AddField(
            model_name='outgoingmessage',
            name='dismissed_by',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='dismissed by'),
        ),
        migrations.AddIndex(
            model_name='delivery',
            index=models.Index(condition=models.Q(('state', 'dropped')), fields=['created_at'], name='deliveries_dropped'),
        ),
        migrations.AddConstraint(
            model_name='escalation',
            constraint=models.UniqueConstraint(condition=models.Q(('policy_name', ''), models.Q(('state', 'stopped'), _negated=True)), fields=('alert', 'route'), name='one_repeat_of_an_alert_and_route'),
        ),
    ]
