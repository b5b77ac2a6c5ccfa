"""Weights over HTTP, from a server on this machine: broken connections, wrong bytes, redirects, gates."""

import dataclasses
import hashlib
import re
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from transcribe import weights
from transcribe.errors import DependencyError
from transcribe.weights.catalog import ModelEntry, SourceFile
from transcribe.weights.download import download
from transcribe.weights.files import Tally
from transcribe.weights.huggingface import download_snapshot

DATA = bytes(range(251)) * 40_000  # some ten blocks
FILE = SourceFile("large.pt", hashlib.sha256(DATA).hexdigest(), len(DATA))

Answer = Callable[[BaseHTTPRequestHandler], None]


@contextmanager
def serving(answer: Answer) -> Iterator[str]:
    """A server on 127.0.0.1 whose GET is `answer`; yields its address."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            answer(self)

        def log_message(self, *args: object) -> None:
            """Quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def send(handler: BaseHTTPRequestHandler, data: bytes, status: int = 200, announced: int | None = None) -> None:
    """Sends `data`, announcing `announced` bytes (all of them by default)."""
    handler.send_response(status)
    handler.send_header("Content-Length", str(len(data) if announced is None else announced))
    handler.end_headers()
    handler.wfile.write(data)


def start_of(handler: BaseHTTPRequestHandler) -> int:
    """Where the request's Range begins; 0 without one."""
    found = re.fullmatch(r"bytes=(\d+)-", handler.headers.get("Range", "bytes=0-"))
    assert found is not None
    return int(found[1])


def fetch(url: str, target: Path, file: SourceFile = FILE, **options: str) -> list[tuple[int, int]]:
    """Downloads without pauses; returns the reports of progress."""
    heard: list[tuple[int, int]] = []
    tally = Tally(lambda label, done, total: heard.append((done, total)), "fetching", file.size)
    token, refusal = options.get("token", ""), options.get("refusal", "")
    download(url, target, file, tally, token=token, refusal=refusal, pause=0.0)
    return heard


def test_a_file_comes_whole_and_its_progress_is_told(tmp_path: Path) -> None:
    with serving(lambda handler: send(handler, DATA)) as site:
        heard = fetch(f"{site}/large.pt", tmp_path / "large.pt")
    assert (tmp_path / "large.pt").read_bytes() == DATA
    assert len(heard) >= 10
    assert heard == sorted(heard)
    assert heard[-1] == (len(DATA), len(DATA))


@pytest.mark.parametrize("server_resumes", [True, False])
def test_a_broken_connection_is_taken_up_again(tmp_path: Path, server_resumes: bool) -> None:
    starts: list[int] = []

    def answer(handler: BaseHTTPRequestHandler) -> None:
        start = start_of(handler)
        starts.append(start)
        if len(starts) == 1:
            send(handler, DATA[:3_000_000], announced=len(DATA))
        elif server_resumes:
            send(handler, DATA[start:], status=206)
        else:
            send(handler, DATA)

    with serving(answer) as site:
        fetch(f"{site}/large.pt", tmp_path / "large.pt")
    assert (tmp_path / "large.pt").read_bytes() == DATA
    assert len(starts) == 2
    assert 0 < starts[1] <= 3_000_000


def test_a_connection_that_keeps_breaking_ends_in_advice_and_leaves_nothing(tmp_path: Path) -> None:
    asked: list[str] = []

    def answer(handler: BaseHTTPRequestHandler) -> None:
        asked.append(handler.path)
        send(handler, b"", announced=len(DATA))

    with serving(answer) as site, pytest.raises(DependencyError, match=r"large\.pt could not.*--from"):
        fetch(f"{site}/large.pt", tmp_path / "large.pt")
    assert len(asked) == 5
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "data", [DATA[:-1] + b"\0", DATA + b"\0", DATA + DATA], ids=["changed", "one byte more", "twice as long"]
)
def test_other_bytes_than_the_catalogues_are_refused_and_leave_nothing(tmp_path: Path, data: bytes) -> None:
    with (
        serving(lambda handler: send(handler, data)) as site,
        pytest.raises(DependencyError, match="sha256 differs"),
    ):
        fetch(f"{site}/large.pt", tmp_path / "large.pt")
    assert list(tmp_path.iterdir()) == []


def test_a_missing_file_is_not_asked_for_again(tmp_path: Path) -> None:
    asked: list[str] = []

    def answer(handler: BaseHTTPRequestHandler) -> None:
        asked.append(handler.path)
        handler.send_error(404)

    with serving(answer) as site, pytest.raises(DependencyError, match="404"):
        fetch(f"{site}/large.pt", tmp_path / "large.pt")
    assert asked == ["/large.pt"]
    assert list(tmp_path.iterdir()) == []


def test_a_busy_server_is_asked_again(tmp_path: Path) -> None:
    asked: list[str] = []

    def answer(handler: BaseHTTPRequestHandler) -> None:
        asked.append(handler.path)
        if len(asked) < 3:
            handler.send_error(503)
        else:
            send(handler, DATA)

    with serving(answer) as site:
        fetch(f"{site}/large.pt", tmp_path / "large.pt")
    assert (tmp_path / "large.pt").read_bytes() == DATA


def test_without_a_server_the_advice_names_the_file(tmp_path: Path) -> None:
    with serving(lambda handler: None) as site:
        pass
    with pytest.raises(DependencyError, match=r"large\.pt could not be downloaded.*Check the network"):
        fetch(f"{site}/large.pt", tmp_path / "large.pt")


def test_only_web_addresses_are_opened(tmp_path: Path) -> None:
    (tmp_path / "secret").write_bytes(DATA)
    with pytest.raises(DependencyError, match="web server"):
        fetch((tmp_path / "secret").as_uri(), tmp_path / "out" / "large.pt")


def test_the_token_stays_with_the_host_it_is_for(tmp_path: Path) -> None:
    seen: dict[str, str | None] = {}

    def storage(handler: BaseHTTPRequestHandler) -> None:
        seen["storage"] = handler.headers.get("Authorization")
        send(handler, DATA)

    with ExitStack() as stack:
        elsewhere = stack.enter_context(serving(storage))

        def answer(handler: BaseHTTPRequestHandler) -> None:
            seen[handler.path] = handler.headers.get("Authorization")
            handler.send_response(307)
            handler.send_header("Location", "/same" if handler.path == "/first" else f"{elsewhere}/x")
            handler.end_headers()

        site = stack.enter_context(serving(answer))
        fetch(f"{site}/first", tmp_path / "large.pt", token="hf_secret")
    assert seen == {"/first": "Bearer hf_secret", "/same": "Bearer hf_secret", "storage": None}


# Hugging Face

SNAPSHOT = {"config.yaml": b"version: 4\n", "plda/plda.npz": DATA[:5000]}


@pytest.fixture
def gated(monkeypatch: pytest.MonkeyPatch) -> ModelEntry:
    """A gated model, and no token in the environment."""
    monkeypatch.delenv("HF_TOKEN", raising=False)
    monkeypatch.delenv("HUGGING_FACE_HUB_TOKEN", raising=False)
    files = tuple(SourceFile(name, hashlib.sha256(data).hexdigest(), len(data)) for name, data in SNAPSHOT.items())
    return dataclasses.replace(weights.entry("community-1"), files=files)


def silent(label: str, done: int, total: int) -> None:
    """Shows nothing."""


def test_without_a_token_no_connection_is_made_and_the_message_tells_how(
    gated: ModelEntry, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []
    monkeypatch.setenv("TRANSCRIBE_MODELS", str(tmp_path / "weights"))
    with serving(lambda handler: asked.append(handler.path)) as site:
        monkeypatch.setenv("HF_ENDPOINT", site)
        with pytest.raises(DependencyError) as caught:
            weights.pull(gated, silent)
    assert asked == []
    assert caught.value.exit_code == 4
    for word in ("accept the conditions", "huggingface.co/pyannote/speaker-diarization-community-1", "HF_TOKEN=hf_"):
        assert word in caught.value.message


@pytest.mark.parametrize("variable", ["HF_TOKEN", "HUGGING_FACE_HUB_TOKEN"])
def test_the_pinned_revision_is_fetched_with_the_token(
    gated: ModelEntry, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, variable: str
) -> None:
    monkeypatch.setenv(variable, " hf_secret\n")
    base = f"/{gated.repository}/resolve/{gated.revision}/"

    def answer(handler: BaseHTTPRequestHandler) -> None:
        assert handler.headers["Authorization"] == "Bearer hf_secret"
        send(handler, SNAPSHOT[handler.path.removeprefix(base)])

    heard: list[tuple[int, int]] = []
    with serving(answer) as site:
        monkeypatch.setenv("HF_ENDPOINT", site + "/")
        download_snapshot(gated, tmp_path, lambda label, done, total: heard.append((done, total)))
    assert {name: (tmp_path / name).read_bytes() for name in SNAPSHOT} == SNAPSHOT
    assert heard[-1] == (gated.size, gated.size)


@pytest.mark.parametrize("status", [401, 403])
def test_a_refused_token_gets_the_steps_and_is_never_quoted(
    gated: ModelEntry, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, status: int
) -> None:
    monkeypatch.setenv("HF_TOKEN", "hf_secret")
    with serving(lambda handler: handler.send_error(status)) as site:
        monkeypatch.setenv("HF_ENDPOINT", site)
        with pytest.raises(DependencyError, match="accept the conditions") as caught:
            download_snapshot(gated, tmp_path, silent)
    assert "hf_secret" not in caught.value.message


def test_a_changed_file_in_the_repository_is_refused(
    gated: ModelEntry, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_TOKEN", "hf_secret")
    monkeypatch.setenv("TRANSCRIBE_MODELS", str(tmp_path / "weights"))
    with serving(lambda handler: send(handler, b"version: 5\n")) as site:
        monkeypatch.setenv("HF_ENDPOINT", site)
        with pytest.raises(DependencyError, match="sha256 differs"):
            weights.pull(gated, silent)
    assert [path.name for path in (tmp_path / "weights").iterdir()] == [".community-1.lock"]
