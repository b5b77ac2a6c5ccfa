"""Downloads one large file over HTTP: streamed, resumed after a broken connection, checked by sha256."""

import http.client
import time
import urllib.error
import urllib.request
from pathlib import Path

from transcribe.errors import DependencyError
from transcribe.weights.files import wrong_contents
from transcribe.weights.folder import BLOCK, PullProgress, sha256_of

_ATTEMPTS = 5
_TIMEOUT = 60.0
"""Seconds without a byte after which a connection counts as broken."""


def download(
    url: str, target: Path, sha256: str, size: int, progress: PullProgress, label: str, pause: float = 2.0
) -> None:
    """Fetches `url` to `target`; a broken connection is taken up where it broke, five times, `pause` seconds apart.

    Nothing is left at `target` on failure. Raises `DependencyError` when the server cannot be reached or refuses,
    and when the bytes are not those of `sha256` and `size`.
    """
    if not url.startswith(("https://", "http://")):
        raise DependencyError(f"{label}: the catalogue's address is not one of a web server.")
    target.parent.mkdir(parents=True, exist_ok=True)
    partial = target.with_name(target.name + ".part")
    partial.touch()
    try:
        for attempt in range(_ATTEMPTS):
            try:
                _continue(url, partial, size, progress, label)
            except urllib.error.HTTPError as error:
                error.close()
                if error.code < 500:
                    raise _unreachable(label, f"the server answered {error.code}") from error
                reason = f"the server answered {error.code}"
            except (OSError, http.client.HTTPException) as error:
                if isinstance(error, OSError) and error.filename is not None:
                    raise  # the disk, not the network
                reason = str(getattr(error, "reason", error)) or type(error).__name__
            else:
                reason = "the connection ended early"
            if partial.stat().st_size >= size:
                break
            if attempt + 1 < _ATTEMPTS:
                time.sleep(pause)
        else:
            raise _unreachable(label, reason)
        if partial.stat().st_size != size or sha256_of(partial) != sha256:
            raise wrong_contents(target.name)
        partial.rename(target)
    finally:
        partial.unlink(missing_ok=True)


def _continue(url: str, partial: Path, size: int, progress: PullProgress, label: str) -> None:
    done = partial.stat().st_size
    request = urllib.request.Request(url, headers={"Range": f"bytes={done}-"} if done else {})  # noqa: S310 (checked)
    with urllib.request.urlopen(request, timeout=_TIMEOUT) as response:  # noqa: S310 (scheme checked by the caller)
        resumed = response.status == http.HTTPStatus.PARTIAL_CONTENT
        if not resumed:
            done = 0  # the server sends the whole file again
        with partial.open("ab" if resumed else "wb") as file:
            while done <= size and (block := response.read(BLOCK)):
                file.write(block)
                done += len(block)
                progress(label, min(done, size), size)


def _unreachable(label: str, reason: str) -> DependencyError:
    return DependencyError(
        f"{label} failed: {reason}. Check the network and try again, or on a machine without one give the file "
        "with --from FILE."
    )
