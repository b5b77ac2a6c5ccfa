"""What the options `verbatim` and `vocabulary` do to the text: errors, fillers kept, sentences lost, vocabulary heard.

    .venv/bin/python benchmarks/verbatim.py [--files telephone] [--threads N] [--show] [--out FOLDER]

Runs this program's recogniser, draft weights, on the study of `../shared` (or `samples/`) and on the telephone
conversation inside pyannote.audio, with the reference turns as speech mask: plain, `verbatim`, `vocabulary`, and both.
**The study's voices are synthetic, and the references hold few fillers: the counts are small, and are printed.**

WER: Whisper's normaliser, which drops fillers. The other figures align words that are only lower-cased and stripped of
punctuation. Filler kept: um, uh, er, erm, mm, hmm, mhm, ah where the reference has one of these. Filler made up: one
where the reference has none. Repetition: one to three words said twice in a row within a turn, fillers between them not
counting, kept when both times are recognised. Cut-off: a word that the reference ends with a dash. Sentence lost: a
sentence of the reference of which less than half of the words are recognised (both normalised). Vocabulary: how often
words of the list below that were said were written as they stand there; never said: words of the list that were written
though nobody says them. Words where nothing is said: as in `benchmarks/recognition.py`. `--show` lists the sentences
lost. Writes `verbatim.json`, with all texts, into FOLDER.
"""

import argparse
import json
import os
import re
import tempfile
import time
from collections.abc import Sequence
from dataclasses import astuple, dataclass
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

from diarization_engines import samples_of
from rapidfuzz.distance import Levenshtein
from recognition_audio import CLIP_SECONDS, ROOT, Item, clip_without_speech, recordings
from recognition_report import errors_of

from transcribe.evaluation import normalise

SAID = (
    *("Bright Path Wellness Centre", "Castle Peak Hospital", "Harmony House", "Saint Agnes Primary", "Golden Crust"),
    *("lithium", "Kwun Tong", "Ngau Tau Kok", "Shui Wo Street", "Wing Lok House", "Tsuen Wan line", "Sha Tin"),
)
NEVER_SAID = ("Tuen Mun Hospital", "Wah Fu", "risperidone", "clozapine", "Caritas", "Causeway Bay")
"""Of the same kinds: what a study lists may not come up in a recording."""
MODES: dict[str, dict[str, Any]] = {
    "plain": {},
    "verbatim": {"verbatim": True},
    "vocabulary": {"vocabulary": SAID + NEVER_SAID},
    "both": {"verbatim": True, "vocabulary": SAID + NEVER_SAID},
}
FILLERS = frozenset(["um", "umm", "uh", "uhh", "er", "erm", "mm", "mmm", "hm", "hmm", "mhm", "mmhmm", "ah"])
LONGEST_REPETITION = 3
LOST = 0.5
WORD = re.compile(r"[^\W_]+(?:['’][^\W_]+)*-?")


@dataclass(frozen=True)
class Verbatim:
    """How much of the speech as it was said is in a text."""

    fillers: int
    fillers_kept: int
    fillers_made_up: int
    repetitions: int
    repetitions_kept: int
    cut_offs: int
    cut_offs_kept: int

    def __add__(self, other: "Verbatim") -> "Verbatim":
        """Both texts together."""
        return Verbatim(*(one + another for one, another in zip(astuple(self), astuple(other), strict=True)))


def main() -> None:
    """Runs the four modes and prints the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--files", default="*", help="names of recordings, a pattern")
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    parser.add_argument("--show", action="store_true")
    parser.add_argument("--out", type=Path, default=Path())
    wanted = parser.parse_args()
    shared = ROOT.parent / "shared" / "study"
    with tempfile.TemporaryDirectory() as name:
        source = shared if shared.is_dir() else ROOT / "samples"
        items = [item for item in recordings(Path(name), source) if fnmatch(item.name, wanted.files)]
        clip = clip_without_speech(Path(name))
        found = {mode: heard([*items, clip], options, wanted.threads) for mode, options in MODES.items()}
    print_table(items, clip.name, found)
    if wanted.show:
        for mode, (texts, _) in found.items():
            for item in items:
                for sentence in lost_sentences(item.text, texts[item.name]):
                    print(f"{mode}, {item.name}: {sentence}")
    wanted.out.mkdir(parents=True, exist_ok=True)
    (wanted.out / "verbatim.json").write_text(json.dumps(found))


def heard(items: Sequence[Item], options: dict[str, Any], threads: int) -> tuple[dict[str, str], float]:
    """The texts by recording, and the seconds that the recogniser took, loading of weights apart."""
    from transcribe.engines import DecodedAudio, RecognitionJob, RecognitionOptions
    from transcribe.progress import SilentProgress
    from transcribe.recognition.recognizer import WhisperRecognizer
    from transcribe.records import Recognition, Recording
    from transcribe.weights import locate, revision

    weights, content = locate("whisper-base"), revision("whisper-base")
    recognizer = WhisperRecognizer(weights, content, RecognitionOptions(**options), threads=threads)
    jobs = []
    for item in items:
        recording = Recording(item.name, "", "PSW", "", 1, "en", (), item.seconds)
        speech = item.speech or ((0.0, item.seconds),)  # the clip: all of it is declared to be speech
        jobs.append(RecognitionJob(DecodedAudio.of(recording, samples_of(str(item.wav))), speech, ("en",)))
    list(recognizer.recognize([], SilentProgress()))  # loads the weights
    began = time.perf_counter()
    texts = {}
    for outcome in recognizer.recognize(jobs, SilentProgress()):
        assert isinstance(outcome.result, Recognition), outcome.result
        texts[outcome.recording] = "".join(segment.text for segment in outcome.result.segments)
    return texts, time.perf_counter() - began


def plain_words(text: str) -> list[str]:
    """The words in lower case, `um` for every filler: which it was, none can tell; a dash at a word's end is kept."""
    words = WORD.findall(re.sub(r"(?<=\w)-(?=\w)", " ", text.lower()))
    return ["um" if word in FILLERS else word.replace("’", "'") for word in words]


def aligned(reference: Sequence[str], found: Sequence[str]) -> list[str]:
    """For each word of the reference the word that stands for it in the text, empty if none does; fewest errors."""
    stands = [""] * len(reference)
    for step in Levenshtein.opcodes(reference, found):
        if step.tag in ("equal", "replace"):
            stands[step.src_start : step.src_end] = found[step.dest_start : step.dest_end]
    return stands


def verbatim_of(reference: str, text: str) -> Verbatim:
    """Fillers, repetitions and cut-offs of the reference (a line per turn), and how many of them the text has."""
    turns = [plain_words(turn) for turn in reference.splitlines()]
    expected, found = [word for turn in turns for word in turn], plain_words(text)
    stands = aligned(expected, found)
    wanted = [i for i, word in enumerate(expected) if word == "um"]
    kept = sum(stands[i] == "um" for i in wanted)
    twice, at = [], 0
    for turn in turns:
        twice += [[at + place for place in places] for places in repetitions(turn)]
        at += len(turn)
    cut = [i for i, word in enumerate(expected) if word.endswith("-")]
    return Verbatim(
        len(wanted),
        kept,
        found.count("um") - kept,
        len(twice),
        sum(all(stands[i] == expected[i] for i in places) for places in twice),
        len(cut),
        sum(stands[i].rstrip("-") == expected[i].rstrip("-") for i in cut),
    )


def repetitions(words: Sequence[str]) -> list[list[int]]:
    """The places of words that are said twice in a row, fillers between them left out; the longest, once each."""
    places = [i for i, word in enumerate(words) if word != "um"]
    found: list[list[int]] = []
    at = 0
    while at < len(places):
        step = 1
        for length in range(LONGEST_REPETITION, 0, -1):
            both = places[at : at + 2 * length]
            said = [words[i] for i in both]
            if len(both) == 2 * length and said[:length] == said[length:]:
                found.append(both)
                step = length
                break
        at += step
    return found


def lost_sentences(reference: str, text: str) -> list[str]:
    """The reference's sentences of which less than half of the words are recognised."""
    sentences = [sentence for sentence in re.split(r"(?<=[.?!])\s+", reference) if normalise(sentence)]
    words = [normalise(sentence).split() for sentence in sentences]
    stands = aligned([word for some in words for word in some], normalise(text).split())
    lost, at = [], 0
    for sentence, some in zip(sentences, words, strict=True):
        right = sum(one == other for one, other in zip(some, stands[at:], strict=False))
        at += len(some)
        if right < LOST * len(some):
            lost.append(sentence)
    return lost


def count_of(phrases: Sequence[str], text: str) -> int:
    """How often the phrases stand in a text, whatever their case."""
    return sum(len(re.findall(rf"\b{re.escape(phrase)}\b", text, re.IGNORECASE)) for phrase in phrases)


def print_table(items: Sequence[Item], clip: str, found: dict[str, tuple[dict[str, str], float]]) -> None:
    """A row per mode."""
    seconds = sum(item.seconds for item in items) + CLIP_SECONDS
    sentences = sum(len([s for s in re.split(r"(?<=[.?!])\s+", item.text) if normalise(s)]) for item in items)
    columns = ("WER, %", "sub / del / ins", "fillers kept", "made up", "repetitions kept", "cut-offs kept")
    columns += (f"sentences lost, of {sentences}", "vocabulary heard", "never said", "words where nothing is said")
    print(f"{len(items)} recordings and the clip, {seconds:.0f} s\n")
    print(f"| options | {' | '.join((*columns, '× real time'))} |\n|---|{'---|' * (len(columns) + 1)}")
    for mode, (texts, spent) in found.items():
        errors = errors_of(items[0].text, texts[items[0].name])
        kept = verbatim_of(items[0].text, texts[items[0].name])
        for item in items[1:]:
            errors += errors_of(item.text, texts[item.name])
            kept += verbatim_of(item.text, texts[item.name])
        lost = sum(len(lost_sentences(item.text, texts[item.name])) for item in items)
        right = sum(min(count_of([p], i.text), count_of([p], texts[i.name])) for i in items for p in SAID)
        wrong = sum(max(0, count_of([p], texts[i.name]) - count_of([p], i.text)) for i in items for p in NEVER_SAID)
        said = count_of(SAID, " ".join(item.text for item in items))
        cells = [f"{errors.rate:.1f}", f"{errors.substituted} / {errors.deleted} / {errors.inserted}"]
        cells += [f"{kept.fillers_kept} of {kept.fillers}", str(kept.fillers_made_up)]
        cells += [f"{kept.repetitions_kept} of {kept.repetitions}", f"{kept.cut_offs_kept} of {kept.cut_offs}"]
        cells += [str(lost), f"{right} of {said}", str(wrong), str(len(plain_words(texts[clip])))]
        print(f"| {mode} | {' | '.join(cells)} | {seconds / spent:.1f} |")
    print("\n| WER, % | " + " | ".join(item.name for item in items) + f" |\n|---|{'---|' * len(items)}")
    for mode, (texts, _) in found.items():
        rates = [f"{errors_of(item.text, texts[item.name]).rate:.1f}" for item in items]
        print(f"| {mode} | {' | '.join(rates)} |")


if __name__ == "__main__":
    main()
