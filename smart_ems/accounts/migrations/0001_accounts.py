"""The tables were made by ``smart_ems`` and got their names there: only what Django knows of them is new."""

import django.db.models.deletion
import substations.models
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('auth', '0012_alter_user_first_name_max_length'),
        ('smart_ems', '0003_move_to_accounts'),
    ]

    operations = [
        migrations.SeparateDatabaseAndState(state_operations=[
            migrations.CreateModel(
                name='Preferences',
                fields=[
                    ('user', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, primary_key=True, related_name='preferences', serialize=False, to=settings.AUTH_USER_MODEL)),
                    ('theme', models.CharField(choices=[('system', 'As the system'), ('light', 'Light'), ('dark', 'Dark')], default='system', max_length=8, verbose_name='theme')),
                    ('density', models.CharField(choices=[('comfortable', 'Comfortable'), ('compact', 'Compact')], default='comfortable', max_length=12, verbose_name='density')),
                    ('time_zone', models.CharField(blank=True, help_text="All times on all pages. Empty: each substation's own.", max_length=64, validators=[substations.models.validate_time_zone], verbose_name='time zone')),
                    ('shortcuts', models.BooleanField(default=True, help_text='Turn them off where they disturb speech input.', verbose_name='single-key shortcuts')),
                ],
                options={
                    'verbose_name': 'preferences',
                    'verbose_name_plural': 'preferences',
                },
            ),
            migrations.CreateModel(
                name='SignInAttempt',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('account', models.CharField(help_text='A keyed hash of the user name.', max_length=64)),
                    ('address', models.CharField(max_length=64)),
                    ('at', models.DateTimeField()),
                    ('succeeded', models.BooleanField()),
                ],
                options={
                    'verbose_name': 'attempt to sign in',
                    'verbose_name_plural': 'attempts to sign in',
                    'indexes': [models.Index(fields=['account', 'at'], name='attempts_of_an_account')],
                },
            ),
        ]),
    ]
