"""Alarms of the system itself, such as messages that are not sent."""

from __future__ import annotations

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('alerts', '0022_history_newest_first'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='SystemAlarm',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(choices=[('messages', 'Messages are not sent')], max_length=16, verbose_name='kind')),
                ('key', models.CharField(help_text='What it is about, of its kind.', max_length=80)),
                ('subject', models.CharField(max_length=120, verbose_name='subject')),
                ('detail', models.CharField(blank=True, max_length=300, verbose_name='detail')),
                ('link', models.CharField(help_text='The page where it is looked after.', max_length=200, verbose_name='link')),
                ('raised_at', models.DateTimeField(verbose_name='raised')),
                ('acknowledged_at', models.DateTimeField(blank=True, null=True, verbose_name='acknowledged at')),
                ('closed_at', models.DateTimeField(blank=True, null=True, verbose_name='closed')),
                ('acknowledged_by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='acknowledged by')),
            ],
            options={
                'verbose_name': 'system alarm',
                'verbose_name_plural': 'system alarms',
                'ordering': ['-raised_at', '-pk'],
                'constraints': [models.UniqueConstraint(condition=models.Q(('closed_at__isnull', True)), fields=('kind', 'key'), name='one_open_system_alarm_of_a_key')],
            },
        ),
    ]
