"""No secret is in a backup that anybody can open."""

from __future__ import annotations

import re

from smart_ems.backups.kept_settings import kept_settings
from tests.test_docs import README


def test_what_is_kept_and_what_is_not() -> None:
    assert kept_settings(
        {
            "EMS_TRAIN_DAYS": "90",
            "DATABASE_URL": "postgres://ems:s3cret@db:5432/ems?sslpassword=s3cret",
            "REDIS_URL": "redis://:s3cret@cache:6379/0",
            "EMS_EMAIL_URL": "smtp+tls://me%40example.org:s3cret@mail:587",
            "EMS_HEARTBEAT_URL": "https://monitor.example/s3cret",
            "EMS_BACKUP_PASSPHRASE": "s3cret",
            "EMS_BACKUP_DIR": "/backups",
            "EMS_SECRET_KEY": "s3cret",
            "HOME": "/root",
            "AWS_SECRET_ACCESS_KEY": "s3cret",
        }
    ) == {
        "DATABASE_URL": "postgres://ems@db:5432/ems",
        "EMS_BACKUP_DIR": "/backups",
        "EMS_BACKUP_PASSPHRASE": "(not kept)",
        "EMS_EMAIL_URL": "smtp+tls://me%40example.org@mail:587",
        "EMS_HEARTBEAT_URL": "(not kept)",
        "EMS_SECRET_KEY": "(not kept)",
        "EMS_TRAIN_DAYS": "90",
        "REDIS_URL": "redis://@cache:6379/0",
    }


def test_no_setting_that_is_described_gives_a_secret_away() -> None:
    names = set(re.findall(r"`(EMS_[A-Z_]+|DATABASE_URL|REDIS_URL)`", README))
    assert len(names) > 40
    kept = kept_settings(dict.fromkeys(names, "https://user:s3cret@host/path?key=s3cret"))
    assert kept.keys() == names
    assert not [name for name, value in kept.items() if "s3cret" in value]
