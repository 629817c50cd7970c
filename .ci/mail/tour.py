"""Starts the program with a mail server of its own for each part, and reads the mail that comes."""

import email
import json
import os
import re
import signal
import socket
import ssl
import statistics
import subprocess
import threading
import time
import urllib.error
import urllib.request
from email import policy
from pathlib import Path

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, LoginPassword

WORK = Path(os.environ["WORK"])
PROGRAM = os.environ["PROGRAM"]
CODE = re.compile(r"(?:[0-9A-Z]{5}-){3}[0-9A-Z]{5}")
ADDRESS = "ada@example.org"
SECRET = b"p:s/s word"


class Inbox:
    """Takes mails, after so many seconds each."""

    def __init__(self, delay=0.0):
        self.delay, self.mails, self.arrived = delay, [], threading.Condition()

    async def handle_DATA(self, server, session, envelope):
        import asyncio

        await asyncio.sleep(self.delay)
        with self.arrived:
            self.mails.append((envelope, session.ssl is not None, bool(session.authenticated)))
            self.arrived.notify_all()
        return "250 taken"

    def wait(self, count, seconds=20):
        with self.arrived:
            assert self.arrived.wait_for(lambda: len(self.mails) >= count, seconds), f"{len(self.mails)} mails"
            return self.mails[count - 1]


def authenticator(server, session, envelope, mechanism, data):
    right = isinstance(data, LoginPassword) and (data.login, data.password) == (b"chat", SECRET)
    return AuthResult(success=right, handled=right)


def tls():
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(WORK / "certificate.pem", WORK / "key.pem")
    return context


def mail_server(inbox, kind):
    """A mail server: `starttls` with a login, `tls`, or `plain`."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    options = {"hostname": "127.0.0.1", "port": port}
    if kind == "starttls":
        options |= {"tls_context": tls(), "require_starttls": True, "authenticator": authenticator}
        options |= {"auth_required": True, "auth_require_tls": True}
    if kind == "tls":
        options |= {"ssl_context": tls()}
    controller = Started(inbox, **options)
    controller.start()
    return controller, port


class Started(Controller):
    """Also by TLS from the first byte, with a certificate that nobody trusts."""

    def _trigger_server(self):
        with socket.create_connection((self.hostname, self.port), 5) as connection:
            if self.ssl_context:
                trusting = ssl.create_default_context()
                trusting.check_hostname, trusting.verify_mode = False, ssl.CERT_NONE
                connection = trusting.wrap_socket(connection)
            connection.recv(1024)
            connection.close()


class Server:
    """The program, with these settings, on a fresh data folder."""

    count = 0

    def __init__(self, **settings):
        Server.count += 1
        self.folder = WORK / f"data-{Server.count}"
        self.log = WORK / f"log-{Server.count}"
        flags = [f"--{name.replace('_', '-')}={value}" for name, value in settings.items()]
        command = [PROGRAM, "serve", f"--data-dir={self.folder}", "--listen=127.0.0.1:0", "--password-cost=10", *flags]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=open(self.log, "wb"), text=True)
        out = ""
        while "password: " not in out:
            line = self.process.stdout.readline()
            assert line, self.log.read_text()
            out += line
        self.origin = re.search(r"listens on (http:\S+)", out)[1]
        self.password = re.search(r"password: (\S+)", out)[1]
        self.key = self.call("POST", "/login", {"username": "admin", "password": self.password})[1]["api_key"]

    def call(self, method, path, body, key=None):
        request = urllib.request.Request(f"{self.origin}/api{path}", json.dumps(body).encode(), method=method)
        request.add_header("Content-Type", "application/json")
        if key:
            request.add_header("X-API-Key", key)
        try:
            with urllib.request.urlopen(request) as response:
                status, text = response.status, response.read()
        except urllib.error.HTTPError as error:
            status, text = error.code, error.read()
        return status, json.loads(text) if text else None

    def user(self, name, **more):
        body = {"username": name, "password": "correct horse battery", "email": ADDRESS, **more}
        status, answer = self.call("POST", "/users", body, self.key)
        assert status == 201, answer

    def ask(self, **account):
        return self.call("POST", "/password-resets", account)[0]

    def login(self, name, password):
        return self.call("POST", "/login", {"username": name, "password": password})[0]

    def said(self, text, seconds=20):
        until = time.monotonic() + seconds
        while text not in self.log.read_text():
            assert time.monotonic() < until, f"{text!r} is not in {self.log.read_text()}"
            time.sleep(0.05)

    def stop(self, how=signal.SIGTERM):
        self.process.send_signal(how)
        self.process.wait(70)
        self.process.stdout.close()
        log = self.log.read_text()
        assert ADDRESS not in log and not CODE.search(log), log


def code_in(envelope):
    message = email.message_from_bytes(envelope.content, policy=policy.default)
    assert message["auto-submitted"] == "auto-generated" and message["date"] and message["message-id"]
    assert message["from"] == "Chat <chat@example.org>" and not message.defects
    return message, CODE.search(message.get_content())[0]


def a_whole_reset(kind, scheme):
    inbox = Inbox()
    controller, port = mail_server(inbox, kind)
    user = "chat:p%3As%2Fs%20word@" if kind == "starttls" else ""
    server = Server(
        mail_server=f"{scheme}://{user}localhost:{port}",
        mail_from="Chat <chat@example.org>",
        mail_ca_file=WORK / "certificate.pem",
        public_url="https://chat.example.org",
    )
    server.user("ada", display_name="Bcc: eve@example.org")
    assert server.ask(username="ADA") == 202
    envelope, is_encrypted, is_authenticated = inbox.wait(1)
    assert envelope.rcpt_tos == [ADDRESS] and envelope.mail_from == "chat@example.org"
    # By TLS from the first byte, the session doesn't know of it; nothing else gets through there.
    assert is_encrypted == is_authenticated == (kind == "starttls")
    message, code = code_in(envelope)
    assert message["to"] == ADDRESS and "https://chat.example.org" in message.get_content()
    new = {"new": "a new pass phrase"}
    assert server.call("PUT", f"/password-resets/{code}", new)[0] == 204
    assert server.call("PUT", f"/password-resets/{code}", new)[1]["code"] == "reset_not_found"
    assert (server.login("ada", new["new"]), server.login("ada", "correct horse battery")) == (200, 401)
    server.stop()
    controller.stop()


def who_signs_up_confirms_the_address():
    inbox = Inbox()
    controller, port = mail_server(inbox, "plain")
    server = Server(
        mail_server=f"smtp://127.0.0.1:{port}",
        mail_from="Chat <chat@example.org>",
        sign_up_open="confirmed",
    )
    wanted = {"username": "ada", "password": "correct horse battery", "email": ADDRESS}
    assert server.call("POST", "/sign-up", wanted) == (202, None)
    envelope, _, _ = inbox.wait(1)
    assert envelope.rcpt_tos == [ADDRESS]
    assert server.login("ada", wanted["password"]) == 401
    _, code = code_in(envelope)
    status, begun = server.call("POST", "/sign-up/confirm", {"code": code})
    assert status == 201 and begun["user"]["username"] == "ada", begun
    assert server.call("POST", "/sign-up/confirm", {"code": code})[1]["code"] == "confirmation_not_found"
    assert server.login("ada", wanted["password"]) == 200
    server.stop()
    controller.stop()


def what_is_refused():
    inbox = Inbox()
    controller, port = mail_server(inbox, "starttls")
    server = Server(
        mail_server=f"smtp://chat:wrong@localhost:{port}",
        mail_from="chat@example.org",
        mail_ca_file=WORK / "certificate.pem",
    )
    server.user("ada")
    assert server.ask(username="ada") == 202
    server.said("the mail was rejected: it answers 535")
    server.stop()
    controller.stop()
    # An authority that is not trusted.
    controller, port = mail_server(inbox, "tls")
    server = Server(mail_server=f"smtps://localhost:{port}", mail_from="chat@example.org")
    server.user("ada")
    assert server.ask(username="ada") == 202
    server.said("a mail was not sent")
    server.stop(signal.SIGKILL)
    controller.stop()
    assert not inbox.mails


def a_slow_server_holds_nobody_up():
    inbox = Inbox(delay=2.0)
    controller, port = mail_server(inbox, "plain")
    server = Server(
        mail_server=f"smtp://127.0.0.1:{port}",
        mail_from="Chat <chat@example.org>",
        rates_mail="off",
        shutdown_timeout=60,
    )
    for number in range(30):
        server.user(f"user{number}", email=f"user{number}@example.org")
    # Whether there is an account shows neither in the status nor in the time.
    times = {True: [], False: []}
    for number in range(30):
        for exists in (number % 2 == 0, number % 2 == 1):
            began = time.monotonic()
            status = server.ask(username=f"user{number}" if exists else f"nobody{number}")
            times[exists].append(time.monotonic() - began)
            assert status == 202, status
            # As fast as orders are worked off.
            time.sleep(0.06)
    found, missing = (statistics.median(times[exists]) for exists in (True, False))
    assert max(found, missing) < 0.5 and abs(found - missing) < 0.1 * max(found, missing) + 0.0005, (found, missing)
    # A server that is stopped sends what it has taken.
    server.stop()
    assert len({envelope.rcpt_tos[0] for envelope, _, _ in inbox.mails}) == 30
    controller.stop()


def a_killed_server_loses_mails_and_nothing_else():
    inbox = Inbox(delay=30.0)
    controller, port = mail_server(inbox, "plain")
    settings = {"mail_server": f"smtp://127.0.0.1:{port}", "mail_from": "chat@example.org"}
    server = Server(**settings)
    server.user("ada")
    assert server.ask(username="ada") == 202
    server.stop(signal.SIGKILL)
    assert not inbox.mails
    controller.stop()


a_whole_reset("starttls", "smtp")
a_whole_reset("tls", "smtps")
a_whole_reset("plain", "smtp")
who_signs_up_confirms_the_address()
what_is_refused()
a_slow_server_holds_nobody_up()
a_killed_server_loses_mails_and_nothing_else()
print("All mail came, and nothing else did.")
