"""Downloads one file over HTTP: streamed, taken up again after a broken connection, checked by sha256."""

import http.client
import time
import urllib.error
import urllib.parse
import urllib.request
from pathlib import Path
from typing import IO

from transcribe.errors import DependencyError
from transcribe.weights.catalog import SourceFile
from transcribe.weights.files import Tally, wrong_contents
from transcribe.weights.folder import BLOCK, sha256_of

_ATTEMPTS = 5
_TIMEOUT = 60.0
"""Seconds without a byte after which a connection counts as broken."""


def download(
    url: str, target: Path, file: SourceFile, tally: Tally, *, token: str = "", refusal: str = "", pause: float = 2.0
) -> None:
    """Fetches `url` to `target`; a broken connection is taken up where it broke, five times, `pause` seconds apart.

    `token` is sent as a bearer token to the host of `url` and to no other that it redirects to; `refusal` is what to
    tell when the server answers that access is refused. Nothing is left at `target` on failure. Raises
    `DependencyError` when the server cannot be reached or refuses, and when the bytes are not those of `file`.
    """
    if urllib.parse.urlsplit(url).scheme not in ("http", "https"):
        raise DependencyError(f"{target.name}: its address is not one of a web server.")
    target.parent.mkdir(parents=True, exist_ok=True)
    partial = target.with_name(target.name + ".part")
    partial.touch()
    try:
        for attempt in range(_ATTEMPTS):
            reason = _continue(url, partial, file, tally, token=token, refusal=refusal)
            if partial.stat().st_size >= file.size:
                break
            if attempt + 1 < _ATTEMPTS:
                time.sleep(pause)
        else:
            raise DependencyError(
                f"{target.name} could not be downloaded: {reason}. Check the network and try again, or on a machine "
                "without one give a copy of the file with --from."
            )
        if partial.stat().st_size != file.size or sha256_of(partial) != file.sha256:
            raise wrong_contents(target.name)
        partial.rename(target)
        tally.finish(file.size)
    finally:
        partial.unlink(missing_ok=True)


def _continue(url: str, partial: Path, file: SourceFile, tally: Tally, *, token: str, refusal: str) -> str:
    """Appends what it can get to `partial`; returns why it ended. Raises what another attempt would not mend."""
    try:
        with _open(url, partial.stat().st_size, token) as response, partial.open("r+b") as output:
            if response.status == http.HTTPStatus.PARTIAL_CONTENT:
                output.seek(0, 2)
            else:
                output.truncate()  # the server sends the whole file again
            done = output.tell()
            while done <= file.size and (block := _read(response)):
                output.write(block)
                done += len(block)
                tally.at(done)
    except urllib.error.HTTPError as error:
        error.close()
        if error.code in (401, 403) and refusal:
            raise DependencyError(refusal) from error
        if error.code < 500:
            raise DependencyError(f"{partial.stem}: the server answered {error.code}; update transcribe.") from error
        return f"the server answered {error.code}"
    except (urllib.error.URLError, _BrokenConnectionError) as error:
        return str(getattr(error, "reason", error))
    return "the connection ended early"


class _BrokenConnectionError(Exception):
    """The connection broke while the body came; an `OSError` of the disk is not one."""


def _read(response: http.client.HTTPResponse) -> bytes:
    try:
        return response.read(BLOCK)
    except (OSError, http.client.HTTPException) as error:
        raise _BrokenConnectionError(type(error).__name__) from error


class _SameHostToken(urllib.request.HTTPRedirectHandler):
    """Follows redirects, but takes the token to no other host: storage behind a redirect has no business with it."""

    def redirect_request(
        self,
        req: urllib.request.Request,
        fp: IO[bytes],
        code: int,
        msg: str,
        headers: http.client.HTTPMessage,
        newurl: str,
    ) -> urllib.request.Request | None:
        """The next request, without `Authorization` when scheme or host change."""
        request = super().redirect_request(req, fp, code, msg, headers, newurl)
        if request is not None and _origin(newurl) != _origin(req.full_url):
            request.remove_header("Authorization")
        return request


def _origin(url: str) -> tuple[str, str]:
    parts = urllib.parse.urlsplit(url)
    return parts.scheme, parts.netloc


def _open(url: str, start: int, token: str) -> http.client.HTTPResponse:
    headers = {"User-Agent": "transcribe"}
    if start:
        headers["Range"] = f"bytes={start}-"
    if token:
        headers["Authorization"] = f"Bearer {token}"
    request = urllib.request.Request(url, headers=headers)  # noqa: S310 (download() checked the scheme)
    try:
        response: http.client.HTTPResponse = urllib.request.build_opener(_SameHostToken).open(request, timeout=_TIMEOUT)
    except urllib.error.URLError:
        raise
    except (OSError, http.client.HTTPException) as error:
        # Reset or timed out between the request and the answer: urllib passes these on as they are.
        raise _BrokenConnectionError(type(error).__name__) from error
    return response
