"""Backups of a whole installation and their way back.

    making_backups   database_dump ─► backup_archive ─► one file, under its final name once it is whole
    restoring        one file ─► backup_archive (checked) ─► restore_target: database and files change places
    backup_schedule  a backup a day where EMS_BACKUP_DIR says so, backup_rotation which of them stay

A file is a compressed tar: the database, the files that no database holds, the settings without secrets, and last a
manifest with the checksum of every member; where a passphrase is given, backup_cipher around all of it.
"""


class BackupRefused(Exception):
    """Nothing was made or changed; the text says what was found and what was expected."""
