"""`report/release-check.md`: counts, codes and marks; no word of a transcript, no name, no date of today."""

from collections import Counter
from collections.abc import Mapping, Sequence

from transcribe.release_check.checking import ReleaseCheck, private_items
from transcribe.release_check.partner_recognition import shown
from transcribe.release_check.recall import CanaryCount, CanaryRecall, interval

REPORT = "release-check.md"
TARGET = 0.95
"""Share of planted identifiers that should be found, at the lower end of the interval (deidentification.md)."""
_PERCENT = f"{100 * TARGET:.0f} %"
_CHECKED = """\
- Every file of the release was searched for all names, numbers and places that the key or the roster know.
- The detectors read the finished text once more with the marks masked, and runs of five or more digits were looked for,
  number words among them. What they found by then was replaced already or rejected by a person, or its recording is
  withheld.
- Weaker signs of a name, and phrases that single somebody out, are not replaced. They are listed for a person."""


def release_check_text(check: ReleaseCheck, withheld: Mapping[str, str]) -> str:
    """The report as Markdown; the same for the same study. `withheld` says why by recording, without quoting."""
    sections = [
        "# Release check",
        f"{_number(len(check.recordings), 'recording')} and documents, {_number(check.utterances, 'utterance')}.",
        "## What was checked",
        _CHECKED,
        "## Withheld",
        "\n".join(f"- {name}: {reason}" for name, reason in sorted(withheld.items())) or "Nothing.",
        "## For a person to look at",
        _to_look_at(check),
        "## Alone in the study (k = 1)",
        _alone(check),
        "## What only the partner could recognise",
        _partners(check),
        "## How much is found in this study",
        recall_text(check.recall),
    ]
    return "\n\n".join(sections) + "\n"


def recall_text(recall: CanaryRecall) -> str:
    """What the canaries say: a sentence with the interval, a sentence on what it means, and a table by kind."""
    if recall.reason or not recall.counts:
        return f"Not measured: {recall.reason or 'there was nothing to plant'}."
    direct = [count for count in recall.counts if count.direct]
    lines = [
        "Invented identifiers were planted in copies of the study's transcripts, in English sentences that the "
        "detectors were not made for, and the copies were redacted like the study; nothing of them was kept. Each name "
        "is said once and on no roster; names of the roster, and names said often, are found more surely.",
        "",
        f"Names, numbers and addresses: {share_text(direct)}.",
        f"All: {share_text(recall.counts)}.",
        "",
        _verdict(direct),
        "",
        "| kind | planted | found whole |",
        "|---|---|---|",
        *(f"| {count.kind} | {count.planted} | {count.covered} |" for count in recall.counts),
    ]
    return "\n".join(lines)


def share_text(counts: Sequence[CanaryCount]) -> str:
    """`187 of 200 found, 93.5 % (95 % interval 89.1 to 96.5 %)`; the interval is Clopper and Pearson's."""
    covered, planted = sum(c.covered for c in counts), sum(c.planted for c in counts)
    if not planted:
        return "none planted"
    low, high = interval(covered, planted)
    share = f"{100 * covered / planted:.1f} % (95 % interval {100 * low:.1f} to {100 * high:.1f} %)"
    return f"{covered} of {planted} found, {share}"


def _verdict(direct: Sequence[CanaryCount]) -> str:
    planted, covered = sum(c.planted for c in direct), sum(c.covered for c in direct)
    if not planted:
        return "Too few were planted to say anything."
    low, high = interval(covered, planted)
    if high < TARGET:
        return (
            f"**Too little is found: surely less than {_PERCENT}.** A person should read every transcript before it "
            "is handed over, and the roster should list every name that is known."
        )
    if low < TARGET:
        return (
            f"**It is not shown that {_PERCENT} are found in this study.** Read the transcripts before they are "
            "handed over, and list in the roster every name that is known."
        )
    return f"At least {_PERCENT} are found. That is no reason not to read the transcripts."


def _to_look_at(check: ReleaseCheck) -> str:
    items = private_items(check)
    lines = [
        f"{_number(len(items), 'line')} in `private/second_look.csv`, or by `transcribe check STUDY --list`.",
    ]
    if check.look.items:
        by_recording = Counter(item.recording for item in check.look.items)
        by_reason = Counter(item.why for item in check.look.items)
        lines += ["", "| in the text of | lines |", "|---|---|"]
        lines += [f"| {name} | {by_recording[name]} |" for name in check.recordings if by_recording[name]]
        lines += ["", "| because | lines |", "|---|---|"]
        lines += [f"| {why} | {number} |" for why, number in sorted(by_reason.items())]
    lines += [f"\n{name}: could not be searched for weaker signs." for name in check.look.not_looked]
    return "\n".join(lines)


def _alone(check: ReleaseCheck) -> str:
    if not check.alone:
        return "No participants are known by code."
    lines = [
        "By what marks and words still tell of age, month, region, kind of organisation, people, religion and part, of "
        f"{_number(len(check.alone), 'participant')}. In a small study nearly everybody is the only one of something; "
        "how many people outside fit, only the lab can know. Values: `private/second_look.csv`.",
        "",
        "| participant | by one fact | by two together | by three together | categories |",
        "|---|---|---|---|---|",
    ]
    for person in check.alone:
        sizes = " | ".join(str(person.of_size(size)) for size in (1, 2, 3))
        lines.append(f"| {person.person} | {sizes} | {', '.join(person.categories)} |")
    return "\n".join(lines)


def _partners(check: ReleaseCheck) -> str:
    if not check.partners:
        return "No pair has an interview of both."
    lines = [
        "What both of a pair told and nobody else in the study, and relatives of the partner: whoever shows one of "
        "them the other's transcript shows them this.",
        "",
        "| pair | marks | read as said | which marks |",
        "|---|---|---|---|",
    ]
    for pair in check.partners:
        marks = shown(pair.shared)
        lines.append(f"| {pair.pair} | {len(marks)} | {len(pair.shared) - len(marks)} | {' '.join(marks)} |")
    return "\n".join(lines)


def _number(count: int, word: str) -> str:
    return f"{count} {word}" + ("" if count == 1 else "s")
