"""Stand in for the Hugging Face Hub on loopback, speaking what its real client calls.

It keeps repositories, branches and large files in memory; it can drop connections, and hold an
upload so that a test can kill the client in the middle.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import pytest

from mn_dataset.publish.publication import git_hash

TOKEN = "hf_thesecretthatappearsnowhere"  # noqa: S105 - a token of nobody
_LARGE = (".parquet", ".png", ".flac", ".tar")


def _library() -> Any:
    return pytest.importorskip("huggingface_hub", reason="the extra `publish` is not installed")


@dataclass
class Repository:
    """Branches of paths and contents; ``commits`` counts what was committed."""

    private: bool
    branches: dict[str, dict[str, bytes]] = field(default_factory=lambda: {"main": {}})
    heads: dict[str, str] = field(default_factory=lambda: {"main": "0" * 40})
    commits: int = 0


@dataclass
class StandIn:
    """The server's state, and what it does wrong.

    Attributes:
        url: Its address.
        repositories: By id.
        objects: Large files by SHA-256.
        asked: How often each kind of request came.
        bodies: Bytes of the large files that arrived, whole or not.
        drop: Uploads whose connection is cut in the middle, still to come.
        drop_answers: Commits whose answer is cut off, still to come.
        hold_after: Uploads that pass before the next ones are held for ever; None for all.
        held: Set when an upload is held.
    """

    url: str = ""
    repositories: dict[str, Repository] = field(default_factory=dict)
    objects: dict[str, bytes] = field(default_factory=dict)
    asked: Counter[str] = field(default_factory=Counter)
    bodies: int = 0
    drop: int = 0
    drop_answers: int = 0
    hold_after: int | None = None
    held: threading.Event = field(default_factory=threading.Event)

    def tree(self, repo_id: str, branch: str = "main") -> dict[str, str]:
        """Return the SHA-256 of every file of a branch."""
        files = self.repositories[repo_id].branches[branch]
        return {path: hashlib.sha256(content).hexdigest() for path, content in files.items()}


class Handler(BaseHTTPRequestHandler):
    hub: StandIn
    protocol_version = "HTTP/1.1"

    def log_message(self, *_: object) -> None:
        """Say nothing."""

    def do_GET(self) -> None:
        self.answer("GET")

    do_HEAD = do_POST = do_PUT = do_GET  # noqa: N815 - the names of the library

    def answer(self, _: str) -> None:
        path = unquote(urlsplit(self.path).path)
        posted = self.command == "POST"
        self.content = self.rfile.read(int(self.headers["Content-Length"])) if posted else b""
        for pattern, act in ROUTES:
            found = re.fullmatch(pattern, f"{self.command} {path}")
            if found:
                self.hub.asked[act.__name__] += 1
                act(self, *found.groups())
                return
        self.fail(404, f"no such address {self.command} {path}")

    def send_json(self, found: object, status: int = 200, **headers: str) -> None:
        self.send_bytes(json.dumps(found).encode(), status, **headers)

    def send_bytes(self, content: bytes, status: int = 200, **headers: str) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)

    def fail(self, status: int, message: str, code: str = "") -> None:
        self.send_json({"error": message}, status, X_Error_Code=code, X_Error_Message=message)

    def repository(self, repo_id: str) -> Repository | None:
        found = self.hub.repositories.get(repo_id)
        if found is None or (found.private and not self.may_write()):
            self.fail(404, "Repository not found", "RepoNotFound")
            return None
        return found

    def may_write(self) -> bool:
        return self.headers.get("Authorization") == f"Bearer {TOKEN}"

    def writable(self, repo_id: str) -> Repository | None:
        if not self.may_write():
            self.fail(401, "Invalid credentials in Authorization header")
            return None
        return self.repository(repo_id)

    def branch(self, repository: Repository, revision: str) -> str | None:
        for name, head in repository.heads.items():
            if revision in (name, head):
                return name
        self.fail(404, f"Invalid rev id: {revision}", "RevisionNotFound")
        return None

    def create(self) -> None:
        asked = json.loads(self.content)
        if not self.may_write():
            self.fail(401, "Invalid username or password.")
            return
        repo_id = f"{asked['organization']}/{asked['name']}"
        private = asked.get("visibility") == "private"
        self.hub.repositories.setdefault(repo_id, Repository(private))
        self.send_json({"url": f"{self.hub.url}/datasets/{repo_id}"})

    def info(self, repo_id: str, revision: str | None = None) -> None:
        repository = self.repository(repo_id)
        branch = repository and self.branch(repository, revision or "main")
        if repository and branch:
            found = {"id": repo_id, "sha": repository.heads[branch], "private": repository.private}
            self.send_json(found)

    def listing(self, repo_id: str, revision: str) -> None:
        repository = self.repository(repo_id)
        branch = repository and self.branch(repository, revision)
        if not (repository and branch):
            return
        entries = []
        for path, content in repository.branches[branch].items():
            entry = {"type": "file", "path": path, "size": len(content), "oid": git_hash(content)}
            if path.endswith(_LARGE):
                oid = hashlib.sha256(content).hexdigest()
                entry |= {"oid": "f" * 40}
                entry |= {"lfs": {"oid": oid, "size": len(content), "pointerSize": 130}}
            entries.append(entry)
        self.send_json(entries)

    def new_branch(self, repo_id: str, name: str) -> None:
        repository = self.writable(repo_id)
        if repository and name in repository.branches:
            self.send_json({"error": "exists"}, 409)
        elif repository:
            repository.branches[name] = dict(repository.branches["main"])
            repository.heads[name] = hashlib.sha1(name.encode()).hexdigest()  # noqa: S324 - a name
            self.send_json({})

    def preupload(self, repo_id: str, _: str) -> None:
        asked = json.loads(self.content)
        if self.writable(repo_id):
            files = [
                {
                    "path": file["path"],
                    "uploadMode": "lfs" if file["path"].endswith(_LARGE) else "regular",
                    "shouldIgnore": False,
                    "oid": None,
                }
                for file in asked["files"]
            ]
            self.send_json({"files": files})

    def batch(self, repo_id: str) -> None:
        asked = json.loads(self.content)
        if not self.writable(repo_id):
            return
        objects = []
        for one in asked["objects"]:
            entry = {"oid": one["oid"], "size": one["size"]}
            if one["oid"] not in self.hub.objects:
                href = f"{self.hub.url}/upload/{one['oid']}"
                entry["actions"] = {"upload": {"href": href}}
            objects.append(entry)
        self.send_json({"transfer": "basic", "objects": objects})

    def upload(self, oid: str) -> None:
        hub = self.hub
        if hub.hold_after is not None:
            if hub.hold_after <= 0:
                hub.held.set()
                threading.Event().wait(30)
                return
            hub.hold_after -= 1
        size = int(self.headers["Content-Length"])
        if hub.drop > 0:
            hub.drop -= 1
            hub.bodies += len(self.rfile.read(size // 2))
            self.close_connection = True
            self.connection.close()
            return
        content = self.rfile.read(size)
        hub.bodies += len(content)
        assert hashlib.sha256(content).hexdigest() == oid
        hub.objects[oid] = content
        self.send_bytes(b"")

    def commit(self, repo_id: str, revision: str) -> None:
        lines = [json.loads(line) for line in self.content.splitlines()]
        repository = self.writable(repo_id)
        branch = repository and self.branch(repository, revision)
        if not (repository and branch):
            return
        header, operations = lines[0]["value"], lines[1:]
        parent = header.get("parentCommit")
        if parent and parent != repository.heads[branch]:
            self.fail(412, "A commit has happened since. Please refresh and try again.")
            return
        files = dict(repository.branches[branch])
        for operation in operations:
            value = operation["value"]
            if operation["key"] == "file":
                files[value["path"]] = base64.b64decode(value["content"])
            elif operation["key"] == "lfsFile":
                files[value["path"]] = self.hub.objects[value["oid"]]
            elif operation["key"] == "deletedFile":
                del files[value["path"]]
        repository.commits += 1
        oid = hashlib.sha1(json.dumps(lines).encode()).hexdigest()  # noqa: S324 - as git does
        pull_request = "create_pr=1" in self.path
        name = "refs/pr/1" if pull_request else branch
        repository.branches[name], repository.heads[name] = files, oid
        if self.hub.drop_answers > 0:
            self.hub.drop_answers -= 1
            self.close_connection = True
            self.connection.close()
            return
        base = f"{self.hub.url}/datasets/{repo_id}"
        answer = {"commitUrl": f"{base}/commit/{oid}", "commitOid": oid}
        self.send_json(
            answer | {"pullRequestUrl": f"{base}/discussions/1" if pull_request else None}
        )

    def validate(self) -> None:
        asked = json.loads(self.content)
        text = asked["content"]
        _library().DatasetCard(text)  # raises where the front matter is no YAML
        self.send_json({"errors": [], "warnings": []})

    def resolve(self, repo_id: str, revision: str, path: str) -> None:
        repository = self.repository(repo_id)
        branch = repository and self.branch(repository, revision)
        if not (repository and branch):
            return
        content = repository.branches[branch].get(path)
        if content is None:
            self.fail(404, "Entry not found", "EntryNotFound")
            return
        etag = f'"{hashlib.sha256(content).hexdigest()}"'
        self.send_bytes(content, ETag=etag, X_Repo_Commit=repository.heads[branch])


_ID = r"([\w.-]+/[\w.-]+)"
ROUTES: list[tuple[str, Callable[..., None]]] = [
    (r"POST /api/repos/create", Handler.create),
    (r"POST /api/validate-yaml", Handler.validate),
    (rf"GET /api/datasets/{_ID}", Handler.info),
    (rf"GET /api/datasets/{_ID}/revision/(.+)", Handler.info),
    (rf"GET /api/datasets/{_ID}/tree/([^/]+)", Handler.listing),
    (rf"POST /api/datasets/{_ID}/branch/(.+)", Handler.new_branch),
    (rf"POST /api/datasets/{_ID}/preupload/(.+)", Handler.preupload),
    (rf"POST /api/datasets/{_ID}/commit/(.+)", Handler.commit),
    (rf"POST /datasets/{_ID}\.git/info/lfs/objects/batch", Handler.batch),
    (r"PUT /upload/([0-9a-f]{64})", Handler.upload),
    (rf"(?:GET|HEAD) /datasets/{_ID}/resolve/([^/]+)/(.+)", Handler.resolve),
]


@pytest.fixture
def hub() -> Iterator[StandIn]:
    """A Hub with nothing on it."""
    state = StandIn()
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Bound", (Handler,), {"hub": state}))
    server.daemon_threads = True
    server.block_on_close = False
    state.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield state
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def online(monkeypatch: pytest.MonkeyPatch, hub: StandIn, tmp_path: Path) -> StandIn:
    """Let this process talk to the stand-in, as the owner of a token, through plain HTTP."""
    huggingface_hub = _library()
    constants = huggingface_hub.constants
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)
    monkeypatch.setattr(constants, "HF_HUB_DISABLE_XET", True)
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "hub-cache"))
    monkeypatch.setattr(constants, "ENDPOINT", hub.url)
    template = f"{hub.url}/{{repo_id}}/resolve/{{revision}}/{{filename}}"
    monkeypatch.setattr(constants, "HUGGINGFACE_CO_URL_TEMPLATE", template)
    monkeypatch.setenv("HF_TOKEN", TOKEN)
    huggingface_hub.utils.close_session()  # the client of an earlier test may be an offline one
    yield hub
    huggingface_hub.utils.close_session()
