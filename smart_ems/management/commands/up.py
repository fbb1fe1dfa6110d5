"""Start everything on this machine: database, broker, workers, web server and, on a first start, the demo grid."""

from __future__ import annotations

import os
from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand
from django.db import connections

from smart_ems.accounts.administrator import create_first_administrator
from smart_ems.command_line import SELF
from smart_ems.demo import demo_history
from smart_ems.env import VAR_DIR
from smart_ems.private_files import UMASK, close_everything
from smart_ems.static import collect_static
from smart_ems.supervisor import services, system
from smart_ems.supervisor.child import Child

WILDCARDS = ("0.0.0.0", "::")  # noqa: S104  (compared with what the user asked for)

OPEN_LINE = """\
  Passwords, sessions and readings cross the network in clear: --host %(host)s can be reached from other machines, and
  there is no TLS. Put a proxy with TLS in front, listen on 127.0.0.1 and set EMS_HTTPS and EMS_BEHIND_PROXY
  (docs/operations.md), or use this in a network where nobody else listens.
"""


class Command(BaseCommand):
    help = "Start Smart EMS on this machine and keep it running until Ctrl-C."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--host", default="127.0.0.1", help="address to listen on (default: this machine only)")
        parser.add_argument("--port", type=int, default=8000, help="port to listen on (default: 8000)")
        parser.add_argument("--empty", action="store_true", help="do not load the demo grid on a first start")
        parser.add_argument("--no-live", action="store_true", help="do not feed the demo grid with new readings")

    def handle(self, *args: Any, host: str, port: int, empty: bool, no_live: bool, **options: Any) -> None:
        with system.only_one() as lock:
            system.check_port(host, port)
            os.umask(UMASK)  # the children inherit it
            close_everything(VAR_DIR)
            self._prepare()
            password = create_first_administrator()
            address = f"http://{'localhost' if host in (*WILDCARDS, '127.0.0.1') else host}:{port}/"
            lock.truncate(0)
            lock.write(address)
            lock.flush()
            os.environ.setdefault("EMS_PUBLIC_URL", address)
            children: list[Child] = []
            try:
                self._start(children, host, port)
                self._greet(address, password)
                self._warn_of_open_line(host)
                self._run(children, load_demo=not empty and demo_history.is_wanted(), live=not no_live)
            except BaseException:
                system.stop_all(children)
                raise

    def _prepare(self) -> None:
        self._say("Preparing the database …")
        call_command("migrate", interactive=False, verbosity=0)
        collect_static()
        connections.close_all()

    def _start(self, children: list[Child], host: str, port: int) -> None:
        if host in WILDCARDS and "EMS_ALLOWED_HOSTS" not in os.environ:
            os.environ["EMS_ALLOWED_HOSTS"] = "*"
        if broker := services.broker():
            children.append(broker)
            broker.start()
            system.wait_for_broker(broker)
        web = services.web(host, port)
        for child in (web, *services.workers()):
            children.append(child)
            child.start()
        system.wait_for_web(web, port, host)

    def _greet(self, address: str, password: str | None) -> None:
        self._say(f"\n  Smart EMS is running at {self.style.SUCCESS(address)}")
        if password:
            self._say(f"  Sign in as admin with the password {self.style.SUCCESS(password)}")
            self._say("  It is shown only now; change it under your name, top right.")
        self._say("  Ctrl-C stops everything.\n")

    def _warn_of_open_line(self, host: str) -> None:
        if not system.is_loopback(host) and not settings.HTTPS:
            self._say(self.style.WARNING(OPEN_LINE % {"host": host}))

    def _run(self, children: list[Child], *, load_demo: bool, live: bool) -> None:
        loader = _loader() if load_demo else None

        def meanwhile() -> None:
            nonlocal loader, live
            if loader and loader.poll() is not None:
                if loader.returncode:
                    self._say("The demo grid could not be loaded (see above). The rest of the system is running.")
                loader = None
            if live and not loader and demo_history.is_loaded():
                live = False
                children.append(services.live_feed())

        try:
            system.run(children, say=self._say, meanwhile=meanwhile)
        finally:
            if loader:
                loader.terminate()

    def _say(self, text: str) -> None:
        self.stdout.write(text)
        self.stdout.flush()


def _loader() -> Any:
    """The demo loader shares this terminal for its progress display, but not its Ctrl-C."""
    import subprocess

    command = [*SELF, "demo"]
    return subprocess.Popen(command, stdin=subprocess.DEVNULL, start_new_session=True)
