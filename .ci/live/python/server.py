"""A server that can be stopped and started again: at the same address, with the same data."""

import json
import os
import re
import signal
import subprocess
import urllib.error
import urllib.request
from pathlib import Path

Json = dict

# How long anything that should happen at once may take, in seconds.
PATIENCE = 15


class Server:
    """The program as a child."""

    def __init__(self, folder: Path, *arguments: str) -> None:
        self.folder, self.arguments = folder, arguments
        self.address, self.password = "127.0.0.1:0", ""

    def start(self) -> None:
        """Starts it, and waits until it listens. Only the first start tells the password."""
        command = [os.environ["PROGRAM"], "serve", "--data-dir", self.folder / "data"]
        with (self.folder / "log").open("ab") as log:
            self.process = subprocess.Popen(
                [*command, "--listen", self.address, *self.arguments],
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
            )
        listens = False
        for line in self.process.stdout:
            if found := re.search(r"^ *password: (.*)", line):
                self.password = found[1]
            if found := re.search(r" listens on http://([^ /\n]*)", line):
                self.address, listens = found[1], True
            if listens and self.password:
                return
        raise AssertionError("the server does not start:\n" + (self.folder / "log").read_text())

    def ask_to_stop(self) -> None:
        """Sends the signal that a service gets at a deployment."""
        self.process.send_signal(signal.SIGTERM)

    def wait(self) -> None:
        """Waits until it has stopped, as it should."""
        assert self.process.wait(PATIENCE) == 0, (self.folder / "log").read_text()

    def kill(self) -> None:
        """Ends it, however it is."""
        self.process.kill()
        self.process.wait()


class Refused(Exception):
    """An answer that is no success: its status, and the problem (RFC 9457)."""


class Person:
    """Somebody with a key, who calls the API."""

    def __init__(self, server: Server, username: str, password: str) -> None:
        self.server, self.key = server, ""
        signed_in = self.post("/login", {"username": username, "password": password})
        self.key, self.id, self.name = signed_in["api_key"], signed_in["user"]["id"], username

    def post(self, path: str, body: Json | None = None) -> Json | None:
        """Calls the API and gives the answer."""
        headers = {"Content-Type": "application/json", "X-API-Key": self.key}
        url = f"http://{self.server.address}/api{path}"
        request = urllib.request.Request(url, json.dumps(body or {}).encode(), headers, method="POST")
        try:
            with urllib.request.urlopen(request, timeout=PATIENCE) as answer:
                return json.loads(answer.read() or "null")
        except urllib.error.HTTPError as error:
            raise Refused(error.code, error.read().decode()) from error

    def new_user(self, username: str) -> "Person":
        """A new user, signed in. An admin may."""
        self.post("/users", {"username": username, "password": "another password"})
        return Person(self.server, username, "another password")

    def say(self, group: int, text: str) -> Json:
        """Sends a message."""
        return self.post(f"/groups/{group}/messages", {"text": text})
