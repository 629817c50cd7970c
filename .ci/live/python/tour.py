"""The WebSocket with the package `websockets`: requests, frames of every kind, lost connections, restarts.

PROGRAM says what to start, WORK where it may write.
"""

import asyncio
import json
import os
from pathlib import Path

from listener import Listener
from server import PATIENCE, Person, Server
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidStatus


async def keys_are_checked_at_the_handshake(admin: Person) -> None:
    for key, code in [({}, "missing_key"), ({"X-API-Key": "wrong"}, "invalid_key")]:
        try:
            async with connect(
                f"ws://{admin.server.address}/api/events/socket", additional_headers=key, proxy=None
            ):
                raise AssertionError("anybody may listen")
        except InvalidStatus as refused:
            assert refused.response.status_code == 401, refused.response
            assert json.loads(refused.response.body)["code"] == code, refused.response.body


async def requests_are_answered_and_told(ada: Listener, grace: Listener, group: int) -> None:
    assert ada.hello["data"]["user"]["username"] == "ada", ada.hello
    assert ada.hello["data"]["heartbeat"] == 1, ada.hello
    await ada.ask("ping")
    message = await ada.ask("send", group_id=group, text="Hello, Grace!", client_id="hello-1")
    again = await ada.ask("send", group_id=group, text="Hello, Grace!", client_id="hello-1")
    assert message["id"] == again["id"], (message, again)
    told = await grace.event("message.created")
    assert told["data"]["id"] == message["id"], told
    assert (told["group_id"], told["actor_id"]) == (group, ada.person.id), told

    read = await grace.ask("read", group_id=group, seq=message["seq"])
    assert (read["read_seq"], read["unread"]) == (message["seq"], 0), read
    await ada.ask("typing", group_id=group)
    typing = await grace.event("typing")
    assert typing["data"]["user"]["username"] == "ada" and typing["data"]["until"], typing
    assert typing["cursor"] is None, "it is in no log"
    await ada.ask("typing", group_id=group, active=False)
    assert (await grace.event("typing"))["data"]["until"] is None
    assert grace.texts() == ["Hello, Grace!"], "sent once"


async def a_bad_frame_is_answered(ada: Listener) -> None:
    for frame, code in [
        ("{", "malformed_json"),
        (b"\0\1", "malformed_json"),
        ('{"type": "dance"}', "validation_failed"),
        ("x" * 140_000, "payload_too_large"),
    ]:
        refused = await ada.refused(frame)
        assert refused == code, (frame[:20], refused)
    await ada.ask("ping")


async def frames_of_every_kind_are_understood(ada: Listener, group: int) -> None:
    # The package offers to compress; the server is free to decline.
    assert "permessage-deflate" in ada.socket.request.headers["Sec-WebSocket-Extensions"]
    request = json.dumps({"id": "in parts", "type": "send", "group_id": group, "text": "Grüße 👋"})
    await ada.send([request[:20], request[20:-9], "", request[-9:]])
    reply = await ada.until(lambda frame: frame.get("id") == "in parts")
    assert reply["data"]["text"] == "Grüße 👋", reply
    async with asyncio.timeout(PATIENCE):
        await (await ada.socket.ping(b"are you there?"))


async def both_sides_prove_that_they_live(person: Person) -> None:
    # A client that says nothing lives as long as it answers the server's pings, which the package does by itself; the
    # package's own come so often that it would give up a server that does not answer.
    async with Listener(person).connected(ping_interval=0.3, ping_timeout=PATIENCE) as quiet:
        for _ in range(4):
            assert (await quiet.event("heartbeat"))["cursor"]


async def compression_need_not_be_offered(person: Person) -> None:
    async with Listener(person).connected(compression=None) as plain:
        assert "Sec-WebSocket-Extensions" not in plain.socket.request.headers
        await plain.ask("ping")


async def nothing_is_lost_when_connections_are(grace: Listener, ada: Person, group: int) -> None:
    texts = [f"while connections break {number}" for number in range(60)]

    def send_all() -> None:
        for text in texts:
            ada.say(group, text)

    # Learns where to begin.
    async with grace.connected():
        pass
    sending = asyncio.create_task(asyncio.to_thread(send_all))
    while len(grace.events) < len(texts):
        wanted = min(len(grace.events) + 7, len(texts))
        async with grace.connected():
            await grace.until(lambda _: len(grace.events) >= wanted)
            # As when the network is gone: no closing handshake.
            grace.socket.transport.abort()
    await sending
    check(grace, texts)


async def nothing_is_lost_over_a_restart(grace: Listener, ada: Person, group: int) -> None:
    server = ada.server
    grace.events.clear()
    async with grace.connected():
        ada.say(group, "before the restart")
        await grace.event("message.created")
        server.ask_to_stop()
        reconnect = await grace.event("reconnect")
        assert 0 < reconnect["data"]["after_ms"] <= 5_000, reconnect
        assert await closed(grace) == 1012, "Service Restart"
    await asyncio.to_thread(server.wait)
    await asyncio.to_thread(server.start)
    ada.say(group, "after the restart")
    async with grace.connected():
        ada.say(group, "and live again")
        await grace.until(lambda _: len(grace.events) == 3)
    check(grace, ["before the restart", "after the restart", "and live again"])


async def logging_out_closes_the_connection(grace: Listener) -> None:
    async with grace.connected():
        grace.person.post("/logout")
        assert await closed(grace) == 4001, "signed out"
    try:
        async with grace.connected():
            raise AssertionError("a key that was logged out still listens")
    except InvalidStatus as refused:
        assert refused.response.status_code == 401, refused.response


async def closed(listener: Listener) -> int:
    """Waits until the server closes, and gives the code."""
    try:
        await listener.until(lambda _: False)
    except ConnectionClosed as end:
        assert end.rcvd, "the connection broke off"
        return end.rcvd.code


def check(listener: Listener, texts: list[str]) -> None:
    """Each message came once, in order, and no event twice."""
    assert listener.texts() == texts, listener.texts()
    cursors = [event["cursor"] for event in listener.events]
    assert len(set(cursors)) == len(cursors), cursors


async def main(server: Server) -> None:
    admin = Person(server, "admin", server.password)
    await keys_are_checked_at_the_handshake(admin)
    ada, grace = admin.new_user("ada"), admin.new_user("grace")
    group = ada.post("/groups", {"name": "Engines"})["id"]
    ada.post(f"/groups/{group}/members", {"username": "grace"})
    async with Listener(ada).connected() as adas, Listener(grace).connected() as graces:
        await requests_are_answered_and_told(adas, graces, group)
        await a_bad_frame_is_answered(adas)
        await frames_of_every_kind_are_understood(adas, group)
    await both_sides_prove_that_they_live(ada)
    await compression_need_not_be_offered(ada)
    await nothing_is_lost_when_connections_are(Listener(grace), ada, group)
    listener = Listener(grace)
    await nothing_is_lost_over_a_restart(listener, ada, group)
    await logging_out_closes_the_connection(listener)


server = Server(Path(os.environ["WORK"]), "--events-heartbeat", "1", "--password-cost", "10")
try:
    server.start()
    asyncio.run(main(server))
    print("websockets: requests, frames, lost connections, a restart and a logout are as the documents say")
finally:
    server.kill()
