"""What a client that never misses an event has to do: keep the last cursor, and show it when it comes back."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from itertools import count

from server import PATIENCE, Json, Person
from websockets.asyncio.client import ClientConnection, connect


class Listener:
    """One who listens, over one connection after the other."""

    def __init__(self, person: Person) -> None:
        self.person = person
        self.cursor: str | None = None
        self.events: list[Json] = []
        self.ids = count(1)

    @asynccontextmanager
    async def connected(self, **options) -> AsyncIterator["Listener"]:
        """Connects, from the last cursor on if there is one."""
        query = f"?cursor={self.cursor}" if self.cursor else ""
        url = f"ws://{self.person.server.address}/api/events/socket{query}"
        headers = {"X-API-Key": self.person.key}
        options = {"proxy": None, "open_timeout": PATIENCE, **options}
        async with connect(url, additional_headers=headers, **options) as socket:
            self.socket: ClientConnection = socket
            self.hello = await self.until(lambda _: True)
            assert self.hello["type"] == "hello", self.hello
            yield self

    async def frame(self) -> Json:
        """The next frame, whatever it is."""
        return json.loads(await self.socket.recv())

    async def until(self, wanted: Callable[[Json], bool]) -> Json:
        """Takes frames in up to the wanted one."""
        seen = []
        try:
            async with asyncio.timeout(PATIENCE):
                while True:
                    frame = await self.frame()
                    seen.append(frame)
                    self.note(frame)
                    if wanted(frame):
                        return frame
        except TimeoutError as error:
            raise AssertionError(f"{self.person.name} did not get it, but: {seen}") from error

    async def event(self, event_type: str) -> Json:
        """Takes frames in up to an event of the type."""
        return await self.until(lambda frame: frame["type"] == event_type)

    def note(self, frame: Json) -> None:
        """Keeps an event, and the place in the log after it."""
        if cursor := frame.get("cursor"):
            self.cursor = cursor
            if frame["at"]:
                self.events.append(frame)

    async def send(self, frame: Json | str | bytes | list[str]) -> None:
        """Sends a frame: a request, or what is none."""
        await self.socket.send(json.dumps(frame) if isinstance(frame, dict) else frame)

    async def ask(self, request_type: str, **request) -> Json:
        """Makes a request and gives what the reply to it carries."""
        request_id = next(self.ids)
        await self.send({"id": request_id, "type": request_type, **request})
        reply = await self.until(lambda frame: frame.get("id") == request_id)
        assert reply["type"] == "reply", reply
        return reply["data"]

    async def refused(self, frame: str | bytes) -> str:
        """Sends what is no good request, and gives the code of the error that answers it."""
        await self.send(frame)
        return (await self.event("error"))["error"]["code"]

    def texts(self) -> list[str]:
        """The messages, in the order in which they came."""
        return [event["data"]["text"] for event in self.events if event["type"] == "message.created"]
