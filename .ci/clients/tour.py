"""The README's tour with a client that is generated from the OpenAPI document.

ORIGIN and PASSWORD say where.
"""

import os

from groupchat_client import AuthenticatedClient, Client
from groupchat_client.api.accounts import create_user, get_me, login, logout
from groupchat_client.api.events import poll_events
from groupchat_client.api.groups import add_member, create_group, list_groups
from groupchat_client.api.messages import (
    edit_message,
    get_message,
    like_message,
    list_messages,
    mark_read,
    send_message,
)
from groupchat_client.models import (
    GroupDraft,
    LoginRequest,
    MemberDraft,
    MessageChanges,
    MessageDraft,
    MessageEvent,
    ReadMark,
    UserDraft,
)

ORIGIN = os.environ["ORIGIN"]


def sign_in(username: str, password: str) -> AuthenticatedClient:
    body = LoginRequest(username=username, password=password)
    answer = login.sync(client=Client(base_url=ORIGIN), body=body)
    assert answer.user.username == username
    return AuthenticatedClient(ORIGIN, answer.api_key, prefix="", auth_header_name="X-API-Key")


admin = sign_in("admin", os.environ["PASSWORD"])
for username, password in [("py-ada", "engine-no-1"), ("py-grace", "compiler-A0")]:
    created = create_user.sync_detailed(client=admin, body=UserDraft(username=username, password=password))
    assert created.status_code == 201
    assert created.headers["Location"] == f"/api/users/{created.parsed.id}"
    assert created.parsed.display_name is None
ada = sign_in("py-ada", "engine-no-1")
grace = sign_in("py-grace", "compiler-A0")

group = create_group.sync(client=ada, body=GroupDraft(name="Python engines", description="Analytical ones"))
assert (group.my_role, group.last_message) == ("owner", None)
member = add_member.sync(group.id, client=ada, body=MemberDraft(username="py-grace"))
assert member.role == "member"

now = poll_events.sync(client=grace)
draft = MessageDraft(text="Hello, Grace!", client_id="hello-1")
sent = send_message.sync_detailed(group.id, client=ada, body=draft)
again = send_message.sync_detailed(group.id, client=ada, body=draft)
message = sent.parsed
assert (sent.status_code, again.status_code, again.parsed.id) == (201, 200, message.id)

happened = poll_events.sync(client=grace, cursor=now.cursor).items
news = [event for event in happened if isinstance(event, MessageEvent)]
assert [(event.type_, event.data.text) for event in news] == [("message.created", "Hello, Grace!")]

found = list_groups.sync(client=grace, q="PYTHON eng").items[0]
assert (found.unread, found.last_message.text) == (1, "Hello, Grace!")
page = list_messages.sync(group.id, client=grace, limit=10)
assert (page.items, page.next_) == ([message], None)
likes = like_message.sync(group.id, message.id, client=grace)
assert (likes.likes, likes.liked) == (1, True)
read = mark_read.sync(group.id, client=grace, body=ReadMark(seq=message.seq))
assert (read.read_seq, read.unread) == (1, 0)

assert get_message.sync(group.id, message.id, client=ada).likes == 1
refused = edit_message.sync(group.id, message.id, client=grace, body=MessageChanges(text="Hello, Ada!"))
assert refused.code == "not_author"

assert logout.sync_detailed(client=ada).status_code == 204
assert get_me.sync(client=ada).code == "invalid_key"
print("the Python client followed the tour")
