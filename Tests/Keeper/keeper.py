#!/usr/bin/env python3
"""A service manager that can do one thing: keep what its service gives it over a restart, as systemd does.

keeper.py COMMAND...

Runs the command as its service and speaks sd_notify(3) with it: READY=1, FDSTORE=1, FDSTOREREMOVE=1. SIGHUP ends the service and starts
it anew with what was kept (sd_listen_fds(3)); SIGTERM ends both. Says what happens, a line each: `started PID`, `ready`, `kept NAME`,
`forgotten NAME`, `ended STATUS`.
"""

import fcntl
import os
import signal
import socket
import sys

FIRST = 3
SIGNALS = [signal.SIGHUP, signal.SIGTERM]


class Keeper:
    def __init__(self, command):
        self.command = command
        self.address = "martlet-keeper-%d" % os.getpid()
        self.inbox = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.inbox.bind("\0" + self.address)
        self.inbox.settimeout(0.02)
        self.kept = {}
        self.pid = 0

    def start(self):
        self.pid = os.fork()
        if self.pid == 0:
            self.become_service()
        say("started", self.pid)

    def become_service(self):
        # Out of the way first: a descriptor may have the number that another one is to get.
        moved = [fcntl.fcntl(descriptor, fcntl.F_DUPFD, 100) for descriptor in self.kept.values()]
        for place, descriptor in enumerate(moved):
            os.dup2(descriptor, FIRST + place, inheritable=True)
        os.closerange(FIRST + len(moved), 1024)
        signal.pthread_sigmask(signal.SIG_SETMASK, [])
        environment = dict(os.environ, NOTIFY_SOCKET="@" + self.address)
        if moved:
            environment["LISTEN_PID"] = str(os.getpid())
            environment["LISTEN_FDS"] = str(len(moved))
            environment["LISTEN_FDNAMES"] = ":".join(self.kept)
        os.execve(self.command[0], self.command, environment)

    def hear(self):
        try:
            text, descriptors, _, _ = socket.recv_fds(self.inbox, 4096, 8)
        except TimeoutError:
            return
        fields = dict(line.partition("=")[::2] for line in text.decode().split("\n"))
        name = fields.get("FDNAME")
        if "FDSTORE" in fields and descriptors:
            self.kept[name] = descriptors[0]
            say("kept", name)
        if "FDSTOREREMOVE" in fields and name in self.kept:
            os.close(self.kept.pop(name))
            say("forgotten", name)
        if fields.get("READY") == "1":
            say("ready")

    def ended(self):
        if self.pid == 0:
            return False
        pid, status = os.waitpid(self.pid, os.WNOHANG)
        if pid == 0:
            return False
        say("ended", os.waitstatus_to_exitcode(status))
        self.pid = 0
        return True

    def end(self):
        os.kill(self.pid, signal.SIGTERM)
        while not self.ended():
            self.hear()

    def run(self):
        signal.pthread_sigmask(signal.SIG_BLOCK, SIGNALS)
        self.start()
        while True:
            self.hear()
            if self.ended():
                return 1
            heard = signal.sigtimedwait(SIGNALS, 0)
            if heard is None:
                continue
            self.end()
            if heard.si_signo == signal.SIGTERM:
                return 0
            self.start()


def say(*words):
    print(*words, flush=True)


if __name__ == "__main__":
    sys.exit(Keeper(sys.argv[1:]).run())
