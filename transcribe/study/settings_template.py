"""The `study.toml` that `init` writes: every key with its default and what it does."""

import typing

from transcribe.study.settings import Program, Settings


def settings_template() -> str:
    """The text of a new `study.toml`."""
    default = Settings()
    conventions = default.conventions
    return f'''\
# Settings of this study. Lines that start with # are comments. No name of anybody belongs in here:
# people go into private/roster.csv, recordings into private/manifest.csv.

[run]
# auto: the best models that are there and fit this computer.
# standard, best: exactly those models. draft: quick, to try things out; every page says "DRAFT, not for coding".
quality = "{default.quality}"

# auto: the graphics card if there is one, else the processor. Or: cpu, cuda, cuda:1
device = "{default.device}"

# Language of the interviews: "en", "yue", "zh" ... Empty: detected. A row of the manifest can name its own.
language = "{default.language}"

# Instead of language, where people change between languages: ["en", "yue"]. Each stretch is then written in the one
# that it is spoken in, nothing is translated. "yue" (Cantonese) needs quality standard or best.
languages = []

# How many processors to work with. 0: all of them.
jobs = {default.jobs}

# fast: stretches of speech are recognised independently of each other. exact: the order of OpenAI's own program, for
# one language a recording, with fewer checks (docs/recognition.md).
schedule = "{default.schedule}"

# 1: the likeliest word is taken at each step. 5: five ways are followed at a time; slower. At most 10.
beam = {default.beam}

# auto: the quickest way of calculating; the text is almost the same. float32: full precision, slower.
precision = "{default.precision}"

# true: the recogniser is asked to keep "um" and false starts (English only). It leaves many of them out all the same.
verbatim = {str(default.verbatim).lower()}

[vocabulary]
# Words that are likely to be said and that the recogniser could mishear; it then expects them. About 40 names fit.
# A changed list does all recordings again. It replaces nothing: what is to be replaced goes into private/roster.csv.
# Never the ideas of the study (recovery, empowerment, codes, hypotheses): the recogniser would hear them where nobody
# said them, and your findings would be in your data. Never names of people.
# Whoever reads this file reads these words: with places or small services in it, it tells where the study is.
services = []
medication = []
places = []
other = []

[export]
# The program that the coders use: {", ".join(typing.get_args(Program))}
program = "{default.program}"

# Paper of the Word transcripts: a4 or letter
paper = "{default.paper}"

[conventions]
# How the transcripts are written (docs/conventions.md). rendering is fixed once coders have a release; what is below it
# may change, and the versions of all transcripts rise then.
# verbatim: all words that were recognised, pauses and overlaps. clean: without fillers (um), stutters and those signs.
rendering = "{default.rendering}"

# Pauses between two words of a speaker. seconds: (2.4). dots: one for each second, (..). ellipsis: (...). none.
pause = "{conventions.pause}"
# From how many seconds on it is shown.
pause_from = {conventions.pause_from}
# From how many seconds on a shorter one is shown as (.); 0: never.
short_pause_from = {conventions.short_pause_from}

# What is said while another speaks. slashes: //words//. brackets: [words] as Jefferson has it, which needs
# redaction = "seg" and uncertain = "parentheses" or "none". none: no sign.
overlap = "{conventions.overlap}"

# What nobody could hear. brackets: [inaudible 00:12:03-00:12:09]. unv: (unv.)
inaudible = "{conventions.inaudible}"

# Words that the recogniser was unsure of. brackets: [?word?]. parentheses: (word?). none: no sign.
uncertain = "{conventions.uncertain}"
# Below which probability a word is marked.
uncertain_below = {conventions.uncertain_below}

# What was replaced. brackets: [PERSON_1]. seg: <seg>PERSON_1</seg>
redaction = "{conventions.redaction}"

# Longer utterances are parted into paragraphs of about so many words, at ends of sentences; 0: never. What an
# interviewer says is not parted.
paragraph_words = {conventions.paragraph_words}

[release]
# none: transcripts are released with the line "Review. none".
review = "{default.review}"

[privacy]
# What happens to names that nobody has looked at yet (transcribe decide STUDY).
# strict: they are replaced, until somebody says that they are none. hold: their recording waits, unreleased.
policy = "{default.policy}"

# Voices of people who did not consent (also_present in the manifest, and anybody else who walks in).
# withhold: their words become [third party, not transcribed]. keep: they are transcribed and de-identified.
unconsented_voices = "{default.unconsented_voices}"

# A second model that looks for names, beside the rules: "gliner:/path" or "hf:/path" on this disk. Empty: none.
pii_model = "{default.pii_model}"

# What each voice sounds like, as numbers: biometric data, in private/ only. false: deleted once the voices of a run are
# compared; later recordings are then not compared with those before them. (A person's: transcribe withdraw.)
keep_voice_vectors = {str(default.keep_voice_vectors).lower()}
'''
