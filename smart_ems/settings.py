"""All settings. Every environment variable read here is described in the README; a bad value stops the start."""

from __future__ import annotations

import django_stubs_ext
from celery.schedules import crontab
from csp.constants import NONE, SELF, UNSAFE_INLINE
from django.conf import global_settings

from .env import (
    BASE_DIR,
    MIN_READING_DAYS,
    VAR_DIR,
    WEB_FILES,
    at_least,
    broker_url,
    days_or_for_ever,
    env,
    networks,
    one_of,
    roles_by_group,
    secret_key,
    web_address,
)
from .observability.log_format import logging_of, middleware_of
from .private_files import FILE_MODE, FOLDER_MODE, close_folder, said_of_folder

# Lets generic classes such as ``ModelAdmin[Alert]`` be written where Django itself is not yet generic.
django_stubs_ext.monkeypatch()

DEBUG = env.bool("EMS_DEBUG", default=False)
SECRET_KEY = secret_key()
SECRET_KEY_FALLBACKS = env.list("EMS_SECRET_KEY_FALLBACKS", default=[])
ALLOWED_HOSTS = env.list("EMS_ALLOWED_HOSTS", default=["localhost", "127.0.0.1", "[::1]"])
CSRF_TRUSTED_ORIGINS = env.list("EMS_TRUSTED_ORIGINS", default=[])

INSTALLED_APPS = [
    "smart_ems.apps.AdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "django_htmx",
    "django_filters",
    "import_export",
    "rest_framework",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "allauth.account",
    "allauth.mfa",
    "allauth.socialaccount",
    "core",
    "substations",
    "ingestion",
    "mlcore",
    "losses",
    "alerts",
    "notifications",
    "reports",
    "benchmarks",
    "smart_ems.retention",
    "smart_ems.change_history",
    "smart_ems.apps.SmartEmsConfig",
    "smart_ems.accounts",  # last: the roles need every other permission
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "smart_ems.response_headers.ResponseHeadersMiddleware",
    "smart_ems.api_errors.ApiPathMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "smart_ems.accounts.site_middleware.site_rights",
    "smart_ems.accounts.session_middleware.SessionNotesMiddleware",
    "smart_ems.change_history.authorship_middleware.AuthorshipMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "django.contrib.auth.middleware.LoginRequiredMiddleware",  # what is public says @login_not_required
    "smart_ems.accounts.second_factor_middleware.SecondFactorMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
]
ROOT_URLCONF = "smart_ems.urls"
ASGI_APPLICATION = "smart_ems.asgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [WEB_FILES / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "smart_ems.dashboard.navigation.frame",
            ],
        },
    },
]

# Database. SQLite is told to take its write lock at BEGIN: a read that turns into a write cannot then fail.
DATABASES = {"default": env.db("DATABASE_URL", default=f"sqlite:///{VAR_DIR / 'db.sqlite3'}")}
if DATABASES["default"]["ENGINE"] == "django.db.backends.sqlite3":
    DATABASES["default"]["OPTIONS"] = {
        "transaction_mode": "IMMEDIATE",
        "timeout": 30,
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA cache_size=-64000;",
    }
else:
    DATABASES["default"].setdefault("CONN_MAX_AGE", 60)
    DATABASES["default"].setdefault("OPTIONS", {}).setdefault("connect_timeout", 5)  # seconds, chosen: then it is away
    DATABASES["default"].setdefault("CONN_HEALTH_CHECKS", True)
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# Sign-in. New passwords: length, and none that others guess first; no rules of composition (ASVS 5, 6.2).
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
PASSWORD_RESET_TIMEOUT = 3600  # seconds, chosen: a mail is read by then, and a mailbox found open later opens nothing
# Off: local passwords sign superusers in alone. Those of a directory stay.
PASSWORD_SIGN_IN = env.bool("EMS_PASSWORD_SIGN_IN", default=True)
AUTHENTICATION_BACKENDS = ["smart_ems.accounts.preferences.Backend"]
# What somebody sees to whom nothing is given: all substations, or none.
SITES = one_of("EMS_SITES", ("all", "given"), default="all")
# Who has to have a second factor: none, staff (superusers too) or all.
REQUIRE_MFA = one_of("EMS_REQUIRE_MFA", ("none", "staff", "all"), default="none")
# The flow of signing in and its second factors are django-allauth's. Attempts are limited by accounts.sign_in alone:
# allauth's own limits are in the cache, which each process has to itself.
ACCOUNT_ADAPTER = "smart_ems.accounts.account_adapter.AccountAdapter"
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_LOGIN_METHODS = {"username"}
ACCOUNT_SIGNUP_FIELDS = ["username*", "password1*"]
ACCOUNT_RATE_LIMITS = False
ACCOUNT_REAUTHENTICATION_TIMEOUT = 15 * 60  # seconds, chosen: setting up an app, a key and codes after one password
MFA_ADAPTER = "smart_ems.accounts.second_factor_adapter.SecondFactorAdapter"
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_ALLOW_UNVERIFIED_EMAIL = True
MFA_RATE_LIMITS = False
MFA_TOTP_ISSUER = "Smart EMS"
MFA_TOTP_TOLERANCE = 1  # steps of 30 s to either side: at most one, RFC 6238 section 5.2
MFA_RECOVERY_CODE_DIGITS = 10
MFA_RECOVERY_CODES_SHOW_ONCE = True
MFA_FORMS = {
    "authenticate": "smart_ems.accounts.second_factor_forms.CodeForm",
    "reauthenticate": "smart_ems.accounts.second_factor_forms.ConfirmingCodeForm",
    "activate_totp": "smart_ems.accounts.second_factor_forms.AppForm",
    "add_webauthn": "smart_ems.accounts.second_factor_forms.NewKeyForm",
    "authenticate_webauthn": "smart_ems.accounts.second_factor_forms.KeyForm",
    "reauthenticate_webauthn": "smart_ems.accounts.second_factor_forms.ConfirmingKeyForm",
}
# A provider of OpenID Connect, and a directory by LDAP; empty: none.
OIDC_ISSUER = web_address("EMS_OIDC_ISSUER", "")
OIDC_CLIENT_ID = env.str("EMS_OIDC_CLIENT_ID", default="")
OIDC_CLIENT_SECRET = env.str("EMS_OIDC_CLIENT_SECRET", default="")
OIDC_NAME = env.str("EMS_OIDC_NAME", default="single sign-on")
OIDC_SCOPES = env.list("EMS_OIDC_SCOPES", default=["openid", "profile", "email"])
OIDC_GROUPS_CLAIM = env.str("EMS_OIDC_GROUPS_CLAIM", default="groups")
OIDC_ROLES = roles_by_group("EMS_OIDC_ROLES")
OIDC_CREATE_USERS = env.bool("EMS_OIDC_CREATE_USERS", default=True)
SOCIALACCOUNT_ADAPTER = "smart_ems.accounts.oidc_adapter.ProviderAdapter"
LDAP_URL = env.str("EMS_LDAP_URL", default="")
LDAP_TLS = one_of("EMS_LDAP_TLS", ("verify", "none"), default="verify")
LDAP_CA_FILE = env.str("EMS_LDAP_CA_FILE", default="")
LDAP_BIND_DN = env.str("EMS_LDAP_BIND_DN", default="")
LDAP_BIND_PASSWORD = env.str("EMS_LDAP_BIND_PASSWORD", default="")
LDAP_BASE = env.str("EMS_LDAP_BASE", default="")
LDAP_USER_FILTER = env.str("EMS_LDAP_USER_FILTER", default="(uid={name})")
LDAP_NAME_ATTRIBUTE = env.str("EMS_LDAP_NAME_ATTRIBUTE", default="uid")
LDAP_GROUP_FILTER = env.str("EMS_LDAP_GROUP_FILTER", default="(member={dn})")
LDAP_ROLES = roles_by_group("EMS_LDAP_ROLES")
# The longest that a token of the API lasts; 0: as long as its user likes, also for ever.
TOKEN_MAX_DAYS = at_least(0, "EMS_TOKEN_MAX_DAYS", default=365)
# A session ends when no page was open for so long, and so long after its sign-in whatever happens.
SESSION_ENGINE = "smart_ems.accounts.session_store"
SESSION_COOKIE_AGE = at_least(1, "EMS_SESSION_IDLE_MINUTES", default=12 * 60) * 60
SESSION_MAX_HOURS = at_least(1, "EMS_SESSION_MAX_HOURS", default=7 * 24)
LOGIN_URL = "login"
LOGIN_REDIRECT_URL = "dashboard"
LOGOUT_REDIRECT_URL = "login"

# Language and time. Storage is UTC; a page shows the zone that the user chose, else the substation's own.
LANGUAGE_CODE = "en"
# Those with a catalogue: a page half in the browser's language would help nobody.
LANGUAGES = [each for each in global_settings.LANGUAGES if each[0] == "en" or (BASE_DIR / "locale" / each[0]).is_dir()]
LOCALE_PATHS = [BASE_DIR / "locale"]
FORMAT_MODULE_PATH = "smart_ems.formats"
USE_I18N = True
USE_TZ = True
TIME_ZONE = env.str("EMS_TIME_ZONE", default="UTC")

# Files.
STATIC_URL = "static/"
STATICFILES_DIRS = [WEB_FILES / "static"]
STATIC_ROOT = VAR_DIR / "static"
MEDIA_ROOT = VAR_DIR / "media"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}
WHITENOISE_USE_FINDERS = DEBUG
FILE_UPLOAD_HANDLERS = ["django.core.files.uploadhandler.TemporaryFileUploadHandler"]
FILE_UPLOAD_TEMP_DIR = VAR_DIR / "tmp"
FILE_UPLOAD_PERMISSIONS, FILE_UPLOAD_DIRECTORY_PERMISSIONS = FILE_MODE, FOLDER_MODE
with said_of_folder(VAR_DIR):
    close_folder(VAR_DIR)
    FILE_UPLOAD_TEMP_DIR.mkdir(mode=FOLDER_MODE, exist_ok=True)

# Limits of what comes in.
UPLOAD_MAX_BYTES = env.int("EMS_UPLOAD_MAX_BYTES", default=2 * 1024**3)
# Of one person within 24 hours; 0 is no limit.
UPLOAD_MAX_BYTES_PER_DAY = env.int("EMS_UPLOAD_MAX_BYTES_PER_DAY", default=20 * 1024**3)
UPLOAD_MAX_ROWS = env.int("EMS_UPLOAD_MAX_ROWS", default=50_000_000)
UPLOAD_MAX_PROBLEMS = env.int("EMS_UPLOAD_MAX_PROBLEMS", default=10_000)
API_BATCH_MAX_ROWS = env.int("EMS_API_BATCH_MAX_ROWS", default=5_000)
DATA_UPLOAD_MAX_MEMORY_SIZE = 10 * 1024**2

# Background work. A task may run twice: every one is idempotent, so it is acknowledged only when it has ended.
CELERY_BROKER_URL = broker_url()
CELERY_RESULT_BACKEND = None
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_DEFAULT_QUEUE = "default"
CELERY_TASK_ROUTES = {"mlcore.tasks.*": {"queue": "ml"}}
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "visibility_timeout": 4 * 3600,
    "socket_connect_timeout": 2,
    "max_retries": 1,
    "interval_start": 0,
}
CELERY_BEAT_SCHEDULER = "smart_ems.beat:SteadyScheduler"
CELERY_BEAT_SCHEDULE_FILENAME = str(VAR_DIR / "run" / "beat")
CELERY_BEAT_SCHEDULE = {
    "sweep": {"task": "smart_ems.tasks.sweep", "schedule": 10.0, "options": {"expires": 10}},
    "score": {"task": "mlcore.tasks.score_pending", "schedule": 30.0, "options": {"expires": 30}},
    "verify": {"task": "alerts.tasks.verify_resolved", "schedule": 60.0, "options": {"expires": 60}},
    "recommend": {
        "task": "losses.tasks.recommend",
        "schedule": 600.0,
        "options": {"expires": 600},
    },
    "repairs": {"task": "alerts.tasks.refresh_repairs", "schedule": crontab(minute="47"), "options": {"expires": 3600}},
    "monitor": {"task": "notifications.tasks.ping_monitor", "schedule": 60.0, "options": {"expires": 60}},
    "penalties": {"task": "alerts.tasks.refresh_penalties", "schedule": 300.0, "options": {"expires": 300}},
    "alarm-days": {"task": "alerts.tasks.refresh_alarm_days", "schedule": 60.0, "options": {"expires": 60}},
    "backup": {
        "task": "smart_ems.tasks.backup_when_due",
        "schedule": crontab(minute="7,37"),
        "options": {"expires": 1800},
    },
    "retention": {
        "task": "smart_ems.tasks.prune",
        "schedule": crontab(minute="27"),
        "options": {"expires": 3600},
    },
    "planned-work": {"task": "alerts.tasks.follow_planned_work", "schedule": 60.0, "options": {"expires": 60}},
    "train": {
        "task": "mlcore.tasks.train_due",
        "schedule": crontab(minute="17"),
        "options": {"expires": 3600},
    },
}

# Learning and detecting.
TRAIN_DAYS = env.int("EMS_TRAIN_DAYS", default=365)
RETRAIN_DAYS = env.int("EMS_RETRAIN_DAYS", default=30)
# Per substation; None leaves every model at its own learned thresholds.
FALSE_ALARMS_PER_MONTH = env.float("EMS_FALSE_ALARMS_PER_MONTH", default=None)

# Hourly figures. Over how long a demand is the mean: what the utility's meter does, mostly 15 or 30 minutes.
DEMAND_WINDOW_S = env.int("EMS_DEMAND_WINDOW_S", default=900)

# Alerts. An episode that ended this long before the newest reading goes straight to the history.
ALERT_LIVE_HOURS = env.float("EMS_ALERT_LIVE_HOURS", default=7 * 24)
ALERT_REJOIN_HOURS = env.float("EMS_ALERT_REJOIN_HOURS", default=24)
ALERT_REOPEN_MINUTES = env.int("EMS_ALERT_REOPEN_MINUTES", default=15)
ALERT_VERIFY_MINUTES = env.int("EMS_ALERT_VERIFY_MINUTES", default=30)
# So many substations of one feeder with one cause within so many minutes are one fault, and one announcement.
ALERT_FEEDER_FAULT_SIZE = env.int("EMS_ALERT_FEEDER_FAULT_SIZE", default=3)
ALERT_FEEDER_FAULT_MINUTES = env.int("EMS_ALERT_FEEDER_FAULT_MINUTES", default=15)
# What is over again within so many minutes, before anybody was told, is counted and not shown.
ALERT_FLEETING_MINUTES = env.int("EMS_ALERT_FLEETING_MINUTES", default=30)
# Acknowledged and still active after so many hours: raised again; 0 is never.
ALERT_RE_ALARM_CRITICAL_HOURS = env.float("EMS_ALERT_RE_ALARM_CRITICAL_HOURS", default=4)
ALERT_RE_ALARM_WARNING_HOURS = env.float("EMS_ALERT_RE_ALARM_WARNING_HOURS", default=24)
# A flood: more announcements than this in ten minutes, until fewer than that.
ALERT_FLOOD_STARTS_ABOVE = env.int("EMS_ALERT_FLOOD_STARTS_ABOVE", default=10)
ALERT_FLOOD_ENDS_BELOW = env.int("EMS_ALERT_FLOOD_ENDS_BELOW", default=5)
ALERT_STALE_HOURS = env.float("EMS_ALERT_STALE_HOURS", default=24)
# A cleared warning that nobody acknowledges is closed after so many days; 0 is never.
ALERT_EXPIRE_DAYS = env.float("EMS_ALERT_EXPIRE_DAYS", default=7)
ALERT_SUPPRESSION_OFF_MINUTES = env.int("EMS_ALERT_SUPPRESSION_OFF_MINUTES", default=10)

# What the workers remember of the readings they judge, so that a restart is quick; of this machine alone.
SCORER_FILES = VAR_DIR / "scorers"

# Notifications. The address under which people reach this server, for links in messages.
PUBLIC_URL = web_address("EMS_PUBLIC_URL", "http://localhost:8000").rstrip("/")
NOTIFY_FILES = VAR_DIR / "notifications"
NOTIFY_ALLOW_PRIVATE = env.bool("EMS_NOTIFY_ALLOW_PRIVATE", default=False)
# What was raised longer ago, because nothing ran, wakes nobody: one message says what of it is still open.
NOTIFY_KEEP_DAYS = env.float("EMS_NOTIFY_KEEP_DAYS", default=400)
NOTIFY_MAX_AGE_HOURS = env.float("EMS_NOTIFY_MAX_AGE_HOURS", default=24)
HEARTBEAT_URL = web_address("EMS_HEARTBEAT_URL", "")

# Retention, in days; 0 is for ever. Rollups of hours and days are always kept.
KEEP_READINGS_DAYS = days_or_for_ever("EMS_KEEP_READINGS_DAYS", default=0, at_least=MIN_READING_DAYS)
KEEP_SCORES_DAYS = days_or_for_ever("EMS_KEEP_SCORES_DAYS", default=0, at_least=MIN_READING_DAYS)
KEEP_FILES_DAYS = days_or_for_ever("EMS_KEEP_FILES_DAYS", default=0)
KEEP_EVENTS_DAYS = days_or_for_ever("EMS_KEEP_EVENTS_DAYS", default=0)
KEEP_SESSIONS_DAYS = days_or_for_ever("EMS_KEEP_SESSIONS_DAYS", default=1)
KEEP_LOGS_DAYS = days_or_for_ever("EMS_KEEP_LOGS_DAYS", default=90)

# Backups. Without a folder none is made by itself; with a passphrase they are encrypted.
BACKUP_DIR = env.str("EMS_BACKUP_DIR", default="")
BACKUP_PASSPHRASE = env.str("EMS_BACKUP_PASSPHRASE", default="")
BACKUP_PASSPHRASE_FILE = env.str("EMS_BACKUP_PASSPHRASE_FILE", default="")
BACKUP_KEEP_DAILY = env.int("EMS_BACKUP_KEEP_DAILY", default=7)
BACKUP_KEEP_WEEKLY = env.int("EMS_BACKUP_KEEP_WEEKLY", default=5)
BACKUP_KEEP_MONTHLY = env.int("EMS_BACKUP_KEEP_MONTHLY", default=12)

# Mail. Without a server nothing is sent, and pages say so.
EMAIL_BACKEND = "django.core.mail.backends.dummy.EmailBackend"
if env.str("EMS_EMAIL_URL", default=""):
    # For example smtp+tls://name:password@mail.example.org:587; environ's own names are Django's settings.
    vars().update(env.email_url("EMS_EMAIL_URL"))
EMAIL_TIMEOUT = 30  # seconds, chosen: a worker waits for a silent server no longer
DEFAULT_FROM_EMAIL = env.str("EMS_EMAIL_FROM", default="smart-ems@localhost")

# The API.
REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "smart_ems.accounts.token_header.TokenHeader",  # first: a bad token is answered 401
        "smart_ems.accounts.second_factor.SecondFactorSessions",
    ],
    "DEFAULT_PERMISSION_CLASSES": [
        "smart_ems.accounts.token_scopes.HasScope",
        "smart_ems.permissions.ModelPermissions",
        "smart_ems.permissions.KnownParameters",
    ],
    "DEFAULT_PARSER_CLASSES": [
        "core.parsers.JsonBody",
        "rest_framework.parsers.FormParser",
        "rest_framework.parsers.MultiPartParser",
    ],
    "DEFAULT_FILTER_BACKENDS": ["django_filters.rest_framework.DjangoFilterBackend"],
    "DEFAULT_PAGINATION_CLASS": "rest_framework.pagination.PageNumberPagination",
    "PAGE_SIZE": 100,
    "DEFAULT_THROTTLE_CLASSES": [
        "smart_ems.throttles.UserThrottle",
        "smart_ems.throttles.AnonymousThrottle",
    ],
    "DEFAULT_THROTTLE_RATES": {
        "user": env.str("EMS_API_RATE", default="6000/hour"),
        "anon": env.str("EMS_API_ANONYMOUS_RATE", default="60/hour"),
    },
    "EXCEPTION_HANDLER": "smart_ems.api_errors.answer_to_exception",
    "DEFAULT_SCHEMA_CLASS": "smart_ems.api_schema.ScopedSchema",
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Smart EMS API",
    "DESCRIPTION": "Substations, readings, uploads, detections and alerts. Times are ISO 8601 with an offset.",
    "VERSION": "1",
    "COMPONENT_SPLIT_REQUEST": True,
    "POSTPROCESSING_HOOKS": [
        "drf_spectacular.hooks.postprocess_schema_enums",
        "smart_ems.api_schema.tell_the_truth",
    ],
    "SERVE_PERMISSIONS": [
        "smart_ems.accounts.token_scopes.HasScope",
        "rest_framework.permissions.IsAuthenticated",
    ],
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "ENUM_NAME_OVERRIDES": {
        "UploadSourceEnum": "ingestion.models.Upload.Source",
        "AlertSourceEnum": "alerts.models.AlertEvent.EventSource",
        "ResolutionOutcomeEnum": "alerts.models.Resolution.Outcome",
        "KindEnum": "mlcore.models.Detection.Kind",
        "BankKindEnum": "losses.compensation_models.BankPrice.BankKind",
        "CompensationKindEnum": "losses.compensation_models.CompensationChange.ChangeKind",
        "StateEnum": "ingestion.models.Upload.State",
        "ReportKindEnum": "reports.models.Report.ReportKind",
        "ReportStateEnum": "reports.models.Report.ReportState",
        "NotificationChannelKindEnum": "notifications.channel_models.NotificationChannel.ChannelKind",
        "NotificationMessageKindEnum": "notifications.outbox_models.OutgoingMessage.MessageKind",
        "NotificationMessageStateEnum": "notifications.outbox_models.OutgoingMessage.MessageState",
        "DeliveryStateEnum": "notifications.outbox_models.Delivery.DeliveryState",
        "DeliveryReasonEnum": "notifications.outbox_models.Delivery.DeliveryReason",
        "RowOutcomeEnum": ["accepted", "replaced", "unchanged", "rejected"],
    },
    # No validator: it is another host.
    "SWAGGER_UI_SETTINGS": {"deepLinking": True, "validatorUrl": None, "persistAuthorization": False},
}

# Security. Plotly and Bootstrap set element styles, so styles may be inline; scripts never are.
HTTPS = env.bool("EMS_HTTPS", default=False)
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = SECURE_SSL_REDIRECT = HTTPS
SECURE_HSTS_SECONDS = 31_536_000 if HTTPS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = HTTPS
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if env.bool("EMS_BEHIND_PROXY", default=False) else None
# Proxies whose X-Forwarded-For is believed; none and EMS_BEHIND_PROXY: whoever connects is one, and the only one.
TRUSTED_PROXIES = networks("EMS_TRUSTED_PROXIES")
X_FRAME_OPTIONS = "DENY"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        "script-src": [SELF],
        "style-src": [SELF, UNSAFE_INLINE],
        "img-src": [SELF, "data:", "blob:"],
        "connect-src": [SELF],
        "object-src": [NONE],
        "frame-ancestors": [NONE],
        "base-uri": [SELF],
        "form-action": [SELF],
    },
}

# Of each process that ./ems up starts: put aside at this size, the newest so many of them stay.
LOG_MAX_BYTES = env.int("EMS_LOG_MAX_BYTES", default=20_000_000)
LOG_FILES = env.int("EMS_LOG_FILES", default=5)

# What is seen from outside. Errors and traces are sent nowhere unless a variable names where.
LOG_FORMAT = env.str("EMS_LOG_FORMAT", default="line")
LOGGING = logging_of(LOG_FORMAT, env.str("EMS_LOG_LEVEL", default="INFO"))
MIDDLEWARE[1:1] = middleware_of(LOG_FORMAT)
DJANGO_STRUCTLOG_CELERY_ENABLED = LOG_FORMAT == "json"
# X-Request-ID of the proxy; anybody could send one where there is none.
DJANGO_STRUCTLOG_TRUST_UPSTREAM_REQUEST_ID = env.bool("EMS_BEHIND_PROXY", default=False)
METRICS_TOKEN = env.str("EMS_METRICS_TOKEN", default="")
SENTRY_DSN = env.str("EMS_SENTRY_DSN", default="")
SENTRY_ENVIRONMENT = env.str("EMS_SENTRY_ENVIRONMENT", default="production")
