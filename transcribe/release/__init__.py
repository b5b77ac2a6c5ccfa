"""Releases of `coders/`: `read_previous`, build the bundle, `publish`."""

from transcribe.release.publishing import Release, publish, read_previous

__all__ = ["Release", "publish", "read_previous"]
