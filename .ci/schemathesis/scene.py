"""Makes what the tests are about, and the document that they go by: scene.py DOCUMENT FOLDER.

ORIGIN and PASSWORD say where the server is. Writes FOLDER/key, the key to test with, and FOLDER/openapi.json.
The ids that come out are those in schemathesis.toml.
"""

import json
import os
import pathlib
import sys
import urllib.request

ORIGIN = os.environ["ORIGIN"]
TESTER = {"username": "tester", "password": "tester-no-1"}


def call(method: str, path: str, body: dict, key: str = "") -> dict:
    request = urllib.request.Request(
        f"{ORIGIN}/api{path}",
        method=method,
        data=json.dumps(body).encode(),
        headers={"Content-Type": "application/json", "X-API-Key": key},
    )
    with urllib.request.urlopen(request) as answer:
        return json.load(answer)


def make_scene() -> str:
    """Users 2 to 5, the tester with a few sessions, groups 1 to 3, messages 1 to 3 in group 1."""
    admin = call("POST", "/login", {"username": "admin", "password": os.environ["PASSWORD"]})["api_key"]
    for name in ["ada", "grace", "edsger", "barbara"]:
        call("POST", "/users", {"username": name, "password": "engine-no-1"}, admin)
    call("POST", "/users", TESTER | {"is_admin": True}, admin)
    keys = [call("POST", "/login", TESTER)["api_key"] for _ in range(3)]
    key = keys[-1]
    for group in [1, 2, 3]:
        call("POST", "/groups", {"name": f"Group {group}"}, key)
        for user in [2, 3, 4]:
            call("POST", f"/groups/{group}/members", {"user_id": user}, key)
    for text in ["Hello!", "Anybody there?", "Bye."]:
        call("POST", "/groups/1/messages", {"text": text}, key)
    return key


def write_document(source: pathlib.Path, target: pathlib.Path) -> None:
    """Leaves out what answers to anything at all: every status must be documented by its number."""
    document = json.loads(source.read_text())
    for path in document["paths"].values():
        for operation in path.values():
            del operation["responses"]["default"]
    target.write_text(json.dumps(document))


if __name__ == "__main__":
    folder = pathlib.Path(sys.argv[2])
    (folder / "key").write_text(make_scene())
    write_document(pathlib.Path(sys.argv[1]), folder / "openapi.json")
