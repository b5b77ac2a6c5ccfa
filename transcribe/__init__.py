"""Confidential interviews in, coding-ready de-identified transcripts out, on one machine without a network."""

import os

from transcribe.network_off import keep_libraries_offline

__version__ = "0.1.0"

# torch's OpenMP threads wait for one another by spinning. On a machine that does anything else beside, that made
# diarisation several times slower; a short spin costs nothing on an idle one (benchmarks/RESULTS.md). libgomp reads
# this when torch is loaded.
os.environ.setdefault("GOMP_SPINCOUNT", "2000")

keep_libraries_offline()
