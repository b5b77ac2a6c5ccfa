"""The release check on development data: finds of the second look, weak signs, digit runs, and canaries.

    .venv/bin/python benchmarks/release_check.py --pii FOLDER [--only primock57] [--variants cased,lower-cased] [--show]

Each conversation is a study of its own, without a roster, as in `benchmarks/pii.py`; the canaries are planted in the
whole set as one study. `--show` prints every find and every canary that is missed: development data, on the terminal
only.
"""

import argparse
import sys
import time
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent.parent))

from benchmarks.pii import Document, _detect_nothing, _detected, _detector, changed, read_set


def second_look(documents: list[Document], show: bool) -> tuple[Counter[str], Counter[str], float]:
    """Finds of the second look at the normal threshold, and weak signs, by right and wrong and by reason."""
    from transcribe.redaction.registry import Registry
    from transcribe.redaction.study_redaction import redact_study
    from transcribe.release_check.masking import mask
    from transcribe.release_check.second_pass import find_again, spans_of
    from transcribe.release_check.weak_signs import weak_signs

    again: Counter[str] = Counter()
    weak: Counter[str] = Counter()
    seconds = 0.0
    for document, item in zip(documents, _detected(documents), strict=True):
        if item.candidates is None:
            continue
        (listed,), _ = redact_study([item.recording], [item.transcript], (), Registry(), item.candidates)
        spans, started = spans_of(listed), time.perf_counter()
        lines = {f"u{n:04d}": line for n, line in enumerate(document.lines, 1)}
        for c in find_again(_detector(), item.transcript, spans):
            line = lines[c.utterance]
            right = any(g.start < c.end and c.start < g.end for g in line.gold)
            again[f"{c.class_} {'right' if right else 'false'}"] += 1
            if show:
                print(f"again {c.recognizer} {right} {line.text[max(0, c.start - 30) : c.end + 30]}")
        masks = [mask(u.text, spans.get(u.id, ())) for u in item.transcript.utterances]
        seen: set[str] = set()
        for masked, names in zip(masks, _detector().names_unfiltered([m.text for m in masks]), strict=True):
            for a, b, why in weak_signs(masked.text, names):
                if (word := masked.text[a:b].casefold()) not in seen:
                    seen.add(word)
                    weak[why] += 1
                    if show:
                        print(f"weak  {why}: {masked.text[max(0, a - 30) : b + 30]}")
        seconds += time.perf_counter() - started
    return again, weak, seconds


def canaries(documents: list[Document], show: bool) -> None:
    """Recall of canaries planted in the set as one study, by kind."""
    from transcribe.records import Recording, Transcript, Utterance
    from transcribe.redaction.registry import Registry
    from transcribe.release_check import recall

    recordings, transcripts = {}, {}
    for n, document in enumerate(documents, 1):
        name = f"P{n:02d}-PIR"
        speakers = {speaker: "INT" if k else name for k, speaker in enumerate({x.speaker: 0 for x in document.lines})}
        utterances = tuple(
            Utterance(f"u{k:04d}", speakers[line.speaker], "en", float(k), k + 1.0, line.text, ())
            for k, line in enumerate(document.lines, 1)
        )
        recordings[name] = Recording(name, f"P{n:02d}", "PIR", name, 1, "en", (), 1e6)
        transcripts[name] = Transcript(name, utterances)
    if show:
        plain, redact = recall.plant, recall.redact_until_nothing_new
        kept: dict[str, Any] = {}

        def plant(*given: Any) -> Any:
            kept["planted"] = plain(*given)
            return kept["planted"]

        def redacting(*given: Any) -> Any:
            kept["result"] = redact(*given)
            return kept["result"]

        recall.plant, recall.redact_until_nothing_new = plant, redacting
    started = time.perf_counter()
    found = recall.measure_recall(recordings, transcripts, (), Registry(), _detector(), "benchmark")
    print(f"  canaries: {time.perf_counter() - started:.1f} s")
    for title, counts in (("direct", [c for c in found.counts if c.direct]), ("all", list(found.counts))):
        covered, planted = sum(c.covered for c in counts), sum(c.planted for c in counts)
        low, high = recall.interval(covered, planted)
        print(f"  {title}: {covered}/{planted} = {covered / planted:.3f} ({low:.3f} to {high:.3f})")
    print("  " + ", ".join(f"{c.kind} {c.covered}/{c.planted}" for c in found.counts))
    if show:
        _show_missed(recall, kept)


def _show_missed(recall: Any, kept: dict[str, Any]) -> None:
    copies, planted = kept["planted"]
    texts = {(t.recording, u.id): u.text for t in copies for u in t.utterances}
    spans = {(r.recording, u): s for r in kept["result"].lists for u, s in recall.spans_of(r).items()}
    for item in planted:
        place = item.recording, item.utterance
        inside = {i for a, b in spans.get(place, ()) for i in range(a, b)}
        if any(texts[place][i].isalnum() and i not in inside for i in range(item.start, item.end)):
            print(f"missed {item.canary.kind}: {texts[place][max(0, item.start - 40) : item.end + 20]}")


def main() -> None:
    """Measures what the arguments ask for."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--pii", type=Path, default=Path("../shared/pii"), help="folder of the sets")
    parser.add_argument("--only", default="primock57", help="sets, separated by commas")
    parser.add_argument("--variants", default="cased,lower-cased", help="ways of writing, separated by commas")
    parser.add_argument("--show", action="store_true", help="print every find (development data)")
    arguments: Any = parser.parse_args()
    _detect_nothing()
    for name in arguments.only.split(","):
        for variant in arguments.variants.split(","):
            documents = [
                replace(d, lines=tuple(changed(line, variant) for line in d.lines))
                for d in read_set(arguments.pii, name)
            ]
            words = sum(len(line.text.split()) for d in documents for line in d.lines)
            again, weak, seconds = second_look(documents, arguments.show)
            print(f"{name}, {variant}: {words} words, {seconds:.1f} s")
            print(f"  found again: {dict(again)}; false per 1k words: {1000 * again['direct false'] / words:.3f}")
            print(f"  to look at, each word once per conversation: {1000 * weak.total() / words:.2f} per 1k words")
            print(f"  {dict(weak)}")
            canaries(documents, arguments.show)


if __name__ == "__main__":
    main()
