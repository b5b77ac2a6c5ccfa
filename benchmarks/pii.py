"""De-identification measured against gold spans, as it is and beside stock Presidio.

    .venv/bin/python benchmarks/pii.py --pii FOLDER [--only primock57,acibench,battery,hkcancor] [--stock]

FOLDER holds `primock57.jsonl`, `acibench.jsonl`, `spoken_battery.jsonl` and `hkcancor.jsonl`: utterances with `text`
and gold `spans` (`start`, `end` in code points, `type`). Each conversation is a document and redacted as a study of its
own, without a roster; `--study` makes one study of each whole set. Every set is read as written, lower-cased, and
lower-cased without punctuation (offsets are carried over). Prints Markdown tables.

Full cover: every letter and digit of the gold span lies in the union of the predicted spans. Entity: all mentions of
the same text (or of the same `entity`) in a document are covered. Leaking: documents in which a direct identifier is
not fully covered. False hits: predicted spans that touch no gold span, per 1,000 words. Items right: all spans covered,
no must-keep string touched, no false hit. One mark: of the entities that are marked in two places or more, those that
have the same mark everywhere. Collisions: pairs of entities of a document that share a mark, where the gold tells
entities apart (`entity`; "John" and "Mr Smith" may be one person). Stock Presidio has types instead of marks.
`--misses N` prints N misses and N false hits with their context: for development data, on the terminal only. The
battery of this project, which is also a test: `--pii tests/data --only own`.
"""

import argparse
import itertools
import json
import multiprocessing
import re
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from typing import Any

SETS = {
    "primock57": "primock57.jsonl",
    "acibench": "acibench.jsonl",
    "battery": "spoken_battery.jsonl",
    "hkcancor": "hkcancor.jsonl",
    "own": "spoken_battery_own.jsonl",
}
BATTERIES = ("battery", "own")
VARIANTS = ("cased", "lower-cased", "no punctuation")
DIRECT = frozenset(
    (
        *("PERSON", "PHONE", "EMAIL", "URL", "HANDLE", "HK_ID", "ID", "NHS", "NINO", "PASSPORT", "BANK_ACCOUNT"),
        *("VEHICLE", "ADDRESS", "POSTCODE", "DATE_OF_BIRTH", "CASE_NUMBER", "ACCOUNT"),
    )
)
"""Types that are direct identifiers where the set does not say it itself (`identifier`)."""

Span = tuple[int, int]
Marked = tuple[int, int, str]
"""A predicted span with the mark that replaces it, empty when the system gives none."""
Predictor = Callable[[Sequence["Document"]], Iterator[tuple["Document", list[list[Marked]] | None]]]


@dataclass(frozen=True)
class Gold:
    """A gold span."""

    start: int
    end: int
    kind: str
    direct: bool
    entity: str


@dataclass(frozen=True)
class Line:
    """One utterance with what is to be replaced and what must stay."""

    speaker: str
    language: str
    text: str
    gold: tuple[Gold, ...]
    keep: tuple[Span, ...]


@dataclass(frozen=True)
class Document:
    """One conversation, or one item of the battery."""

    name: str
    lines: tuple[Line, ...]


@dataclass
class Score:
    """Counts over one set in one variant."""

    words: int = 0
    seconds: float = 0.0
    withheld: int = 0
    documents: int = 0
    leaking: int = 0
    right: Counter[str] = field(default_factory=Counter)
    items: Counter[str] = field(default_factory=Counter)
    gold: Counter[str] = field(default_factory=Counter)
    hit: Counter[str] = field(default_factory=Counter)
    touched: Counter[str] = field(default_factory=Counter)
    entities: Counter[str] = field(default_factory=Counter)
    whole: Counter[str] = field(default_factory=Counter)
    repeated: int = 0
    one_mark: int = 0
    named: int = 0
    collisions: int = 0
    false_hits: int = 0
    keep: int = 0
    kept: int = 0
    misses: list[str] = field(default_factory=list)
    false_texts: list[str] = field(default_factory=list)


def read_set(folder: Path, name: str) -> list[Document]:
    """The documents of one set."""
    grouped: dict[str, list[Line]] = defaultdict(list)
    for row in map(json.loads, (folder / SETS[name]).read_text("utf-8").splitlines()):
        text, cut = row["text"], 0
        speaker = row.get("speaker", "INT")
        if label := re.match(r"\[(\w+)\] ", text):  # acibench writes the speaker into the text
            speaker, cut = label.group(1), label.end()
        gold = tuple(
            Gold(
                s["start"] - cut,
                s["end"] - cut,
                s["type"],
                s["identifier"] == "direct" if "identifier" in s else s["type"] in DIRECT,
                s.get("entity", ""),
            )
            for s in row["spans"]
        )
        text = text[cut:]
        keep = tuple(m.span() for phrase in row.get("must_keep", ()) for m in re.finditer(re.escape(phrase), text))
        document = row.get("conv") or row.get("encounter") or row.get("file") or row["id"]
        language = row.get("lang", "yue" if name == "hkcancor" else "en")
        if text.strip():
            grouped[document].append(Line(speaker, language, text, gold, keep))
    return [Document(key, tuple(lines)) for key, lines in grouped.items()]


def changed(line: Line, variant: str) -> Line:
    """The line in a variant of its writing, with spans moved along."""
    if variant == "cased":
        return line
    lowered = "".join(c.lower() if len(c.lower()) == 1 else c for c in line.text)
    if variant == "lower-cased":
        return replace(line, text=lowered)
    kept: list[str] = []
    place: list[int] = []
    for i, c in enumerate(lowered):
        place.append(len(kept))
        inside = c in "'’" and 0 < i < len(lowered) - 1 and lowered[i - 1].isalnum() and lowered[i + 1].isalnum()
        if c.isalnum() or inside:
            kept.append(c)
        elif kept and kept[-1] != " ":
            kept.append(" ")
    place.append(len(kept))
    return replace(
        line,
        text="".join(kept),
        gold=tuple(replace(g, start=place[g.start], end=place[g.end]) for g in line.gold),
        keep=tuple((place[a], place[b]) for a, b in line.keep),
    )


def ours(one_study: bool) -> Predictor:
    """This program: the detector, then the redaction of the study, without a roster."""
    from transcribe.redaction.registry import Registry
    from transcribe.redaction.study_redaction import redact_study

    def predict(documents: Sequence[Document]) -> Iterator[tuple[Document, list[list[Marked]] | None]]:
        read = list(_detected(documents))
        fine = [item for item in read if item.candidates is not None]
        found = {}
        for group in [fine] if one_study else [[item] for item in fine]:
            candidates = [c for item in group for c in item.candidates or ()]
            recordings, transcripts = [item.recording for item in group], [item.transcript for item in group]
            lists, _ = redact_study(recordings, transcripts, (), Registry(), candidates)
            for transcript, redactions in zip(transcripts, lists, strict=True):
                spans: dict[str, list[Marked]] = {u.id: [] for u in transcript.utterances}
                for r in redactions.redactions:
                    spans[r.utterance].append((r.start, r.end, r.mark))
                found[transcript.recording] = list(spans.values())
        for document, item in zip(documents, read, strict=True):
            yield document, found.get(item.recording.id)

    _detect_nothing()
    return predict


def detector_alone() -> Predictor:
    """The detector, without what the redaction of a study adds."""

    def predict(documents: Sequence[Document]) -> Iterator[tuple[Document, list[list[Marked]] | None]]:
        for document, item in zip(documents, _detected(documents), strict=True):
            if item.candidates is None:
                yield document, None
                continue
            spans: dict[str, list[Marked]] = {u.id: [] for u in item.transcript.utterances}
            for c in item.candidates:
                spans[c.utterance].append((c.start, c.end, ""))
            yield document, list(spans.values())

    _detect_nothing()
    return predict


def _detect_nothing() -> None:
    """Loads the weights, which is not counted."""
    lines = tuple(Line("INT", language, text, (), ()) for language, text in (("en", "Hello, Ann."), ("yue", "你好。")))
    list(_detected([Document("warm", lines)]))


@dataclass(frozen=True)
class Read:
    """A document as the program sees it; `candidates` is None when it was withheld."""

    recording: Any
    transcript: Any
    candidates: list[Any] | None


@cache
def _detector() -> Any:
    from transcribe.redaction.detector import PresidioDetector
    from transcribe.weights import locate, revision

    return PresidioDetector(locate("spacy-en-core-web-sm"), revision("spacy-en-core-web-sm"))


def _detected(documents: Sequence[Document]) -> Iterator[Read]:
    from transcribe.errors import WithheldError
    from transcribe.records import Recording, Transcript, Utterance

    for number, document in enumerate(documents, 1):
        name = f"P{number:02d}-OBS"
        utterances = tuple(
            Utterance(f"u{n:04d}", line.speaker, line.language, float(n), n + 1.0, line.text, ())
            for n, line in enumerate(document.lines, 1)
        )
        transcript = Transcript(name, utterances)
        try:
            candidates = _detector().detect([transcript])
        except WithheldError:
            candidates = None
        yield Read(Recording(name, f"P{number:02d}", "OBS", "", 1, "en", (), 1.0), transcript, candidates)


def stock() -> Predictor:
    """Presidio's AnalyzerEngine as it comes, with the same spaCy weights; nothing is fetched."""
    from transcribe.diarization.torchaudio_stub import install_torchaudio_stub

    install_torchaudio_stub()  # Presidio imports transformers where it is installed, and that torchaudio
    import tldextract
    from presidio_analyzer import AnalyzerEngine, BatchAnalyzerEngine
    from presidio_analyzer.nlp_engine import NlpEngineProvider

    from transcribe.weights import locate

    tldextract.extract = tldextract.TLDExtract(cache_dir=None, suffix_list_urls=(), fallback_to_snapshot=True)
    models = [{"lang_code": "en", "model_name": str(locate("spacy-en-core-web-sm"))}]
    provider = NlpEngineProvider(nlp_configuration={"nlp_engine_name": "spacy", "models": models})
    engine = BatchAnalyzerEngine(AnalyzerEngine(nlp_engine=provider.create_engine(), supported_languages=["en"]))

    def predict(documents: Sequence[Document]) -> Iterator[tuple[Document, list[list[Marked]] | None]]:
        for document in documents:
            results = engine.analyze_iterator([line.text for line in document.lines], language="en", batch_size=64)
            yield document, [[(r.start, r.end, r.entity_type) for r in each] for each in results]

    return predict


def score(documents: Sequence[Document], predict: Predictor) -> Score:
    """Redacts the documents and counts."""
    result = Score()
    started = time.perf_counter()
    predicted = list(predict(documents))
    result.seconds = time.perf_counter() - started
    for document, spans in predicted:
        result.documents += 1
        result.words += sum(len(line.text.split()) for line in document.lines)
        language = "en" if all(line.language == "en" for line in document.lines) else "zh"
        result.items[language] += 1
        if spans is None:
            result.withheld += 1
            continue
        _score_document(document, spans, result, language)
    return result


def _score_document(document: Document, spans: Sequence[Sequence[Marked]], result: Score, language: str) -> None:
    entities: dict[tuple[str, str], list[tuple[bool, bool]]] = defaultdict(list)
    marks: dict[tuple[str, str], list[str]] = defaultdict(list)
    fine, leaks = True, False
    for line, mine in zip(document.lines, spans, strict=True):
        inside = {i for a, b, _ in mine for i in range(a, b)}
        for gold in line.gold:
            marked = [i in inside for i in range(gold.start, gold.end) if line.text[i].isalnum()]
            for group in (gold.kind, "all", *(["direct"] if gold.direct else [])):
                result.gold[group] += 1
                result.hit[group] += all(marked)
                result.touched[group] += any(marked)
            surface = re.sub(r"\W+", " ", line.text[gold.start : gold.end]).strip().casefold()
            who = (gold.entity or gold.kind, "" if gold.entity else surface)
            entities[who].append((all(marked), gold.direct))
            marks[who] += [mark for a, b, mark in mine if a < gold.end and gold.start < b and mark][:1]
            if not all(marked):
                fine = False
                leaks = leaks or gold.direct
                result.misses.append(f"{gold.kind:14} {_context(line.text, gold.start, gold.end)}")
        for a, b, _ in mine:
            if not any(g.start < b and a < g.end for g in line.gold):
                fine = False
                result.false_hits += 1
                result.false_texts.append(_context(line.text, a, b))
        for a, b in line.keep:
            result.keep += 1
            stays = not any(i in inside for i in range(a, b))
            result.kept += stays
            fine = fine and stays
            if not stays:
                result.false_texts.append(f"MUST KEEP {_context(line.text, a, b)}")
    _score_marks(marks, result)
    for mentions in entities.values():
        for group in ("all", "direct") if any(direct for _, direct in mentions) else ("all",):
            result.entities[group] += 1
            result.whole[group] += all(hit for hit, _ in mentions)
    result.leaking += leaks
    result.right[language] += fine


def _score_marks(marks: dict[tuple[str, str], list[str]], result: Score) -> None:
    """One mark for what is said twice; and no mark for two entities that the gold tells apart by their ids."""
    repeated = [said for said in marks.values() if len(said) > 1]
    result.repeated += len(repeated)
    result.one_mark += sum(len(set(said)) == 1 for said in repeated)
    known = [set(said) for (_, surface), said in marks.items() if not surface]
    result.named += len(known)
    result.collisions += sum(bool(one & other) for one, other in itertools.combinations(known, 2))


def _context(text: str, start: int, end: int) -> str:
    return f"{text[max(0, start - 45) : start]}>>{text[start:end]}<<{text[end : end + 30]}"


def measure(job: tuple[str, str, str, str, bool]) -> Score:
    """One set in one variant by one system, in a process of its own."""
    folder, name, variant, system, one_study = job
    import os

    os.environ["OMP_NUM_THREADS"] = "1"
    documents = [
        Document(d.name, tuple(changed(line, variant) for line in d.lines)) for d in read_set(Path(folder), name)
    ]
    systems = {"stock": stock, "ours": lambda: ours(one_study), "detector": detector_alone}
    return score(documents, systems[system]())


def _share(hits: int, of: int) -> str:
    return f"{hits / of:.3f} ({hits}/{of})" if of else "–"


def print_tables(results: dict[tuple[str, str, str], Score]) -> None:
    """Markdown: one row per set, system and variant, then recall by type."""
    print(
        "| set | system | text | direct, full cover | all, full cover | direct entities | all entities "
        "| documents leaking | false hits / 1k words | must-keep kept | one mark | collisions | items right | words/s |"
    )
    print("|---" * 14 + "|")
    for (name, system, variant), s in results.items():
        if s.withheld == s.documents:
            print(f"| {name} | {system} | {variant} | withheld: no detector for the language" + " |" * 11)
            continue
        items = ", ".join(f"{language} {s.right[language]}/{s.items[language]}" for language in sorted(s.items))
        cells = [
            *(name, system, variant, _share(s.hit["direct"], s.gold["direct"]), _share(s.hit["all"], s.gold["all"])),
            _share(s.whole["direct"], s.entities["direct"]),
            _share(s.whole["all"], s.entities["all"]),
            f"{s.leaking}/{s.documents}" + (f", {s.withheld} withheld" if s.withheld else ""),
            f"{1000 * s.false_hits / s.words:.2f} ({s.false_hits})",
            f"{s.kept}/{s.keep}" if s.keep else "–",
            f"{s.one_mark}/{s.repeated}" if s.repeated else "–",
            f"{s.collisions} of {s.named} entities" if s.named else "–",
            items if name in BATTERIES else "–",
            f"{s.words / s.seconds:.0f}",
        ]
        print("| " + " | ".join(cells) + " |")
    print("\n| set | system | text | type | full cover | touched |\n|---|---|---|---|---|---|")
    for (name, system, variant), s in results.items():
        for kind in sorted(set(s.gold) - {"all", "direct"}):
            row = (
                name,
                system,
                variant,
                kind,
                _share(s.hit[kind], s.gold[kind]),
                _share(s.touched[kind], s.gold[kind]),
            )
            print("| " + " | ".join(row) + " |")


def main() -> None:
    """Measures what the arguments ask for."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--pii", type=Path, default=Path("../shared/pii"), help="folder of the sets")
    parser.add_argument("--only", default=",".join(n for n in SETS if n != "own"), help="sets, separated by commas")
    parser.add_argument("--variants", default=",".join(VARIANTS), help="ways of writing, separated by commas")
    parser.add_argument("--stock", action="store_true", help="stock Presidio too")
    parser.add_argument("--detector", action="store_true", help="the detector without the redaction of a study")
    parser.add_argument("--study", action="store_true", help="each set as one study")
    parser.add_argument("--misses", type=int, default=0, help="print so many misses and false hits (development data)")
    parser.add_argument("--jobs", type=int, default=2, help="processes; 1 for timings")
    arguments: Any = parser.parse_args()
    jobs = [
        (str(arguments.pii), name, variant, system, arguments.study)
        for name in arguments.only.split(",")
        for system in (*(["stock"] if arguments.stock else []), "detector" if arguments.detector else "ours")
        for variant in arguments.variants.split(",")
    ]
    with ProcessPoolExecutor(arguments.jobs, multiprocessing.get_context("spawn")) as pool:
        scores = list(pool.map(measure, jobs))
    results = {(name, system, variant): s for (_, name, variant, system, _), s in zip(jobs, scores, strict=True)}
    print_tables(results)
    for key, s in results.items():
        if arguments.misses and key[1] != "stock":
            print(f"\n# {key}")
            for title, lines in (("missed", s.misses), ("false hits", s.false_texts)):
                print(f"## {title}: {len(lines)}", *lines[: arguments.misses], sep="\n")


if __name__ == "__main__":
    main()
