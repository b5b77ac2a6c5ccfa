"""The languages that Whisper knows, by its codes, as people write them into settings and tables. Free of torch."""

import difflib
import re

from transcribe.errors import UsageError

_NAMES = """
en English, zh Chinese, de German, es Spanish, ru Russian, ko Korean, fr French, ja Japanese, pt Portuguese, tr Turkish,
pl Polish, ca Catalan, nl Dutch, ar Arabic, sv Swedish, it Italian, id Indonesian, hi Hindi, fi Finnish, vi Vietnamese,
he Hebrew, uk Ukrainian, el Greek, ms Malay, cs Czech, ro Romanian, da Danish, hu Hungarian, ta Tamil, no Norwegian,
th Thai, ur Urdu, hr Croatian, bg Bulgarian, lt Lithuanian, la Latin, mi Maori, ml Malayalam, cy Welsh, sk Slovak,
te Telugu, fa Persian, lv Latvian, bn Bengali, sr Serbian, az Azerbaijani, sl Slovenian, kn Kannada, et Estonian,
mk Macedonian, br Breton, eu Basque, is Icelandic, hy Armenian, ne Nepali, mn Mongolian, bs Bosnian, kk Kazakh,
sq Albanian, sw Swahili, gl Galician, mr Marathi, pa Punjabi, si Sinhala, km Khmer, sn Shona, yo Yoruba, so Somali,
af Afrikaans, oc Occitan, ka Georgian, be Belarusian, tg Tajik, sd Sindhi, gu Gujarati, am Amharic, yi Yiddish, lo Lao,
uz Uzbek, fo Faroese, ht Haitian Creole, ps Pashto, tk Turkmen, nn Nynorsk, mt Maltese, sa Sanskrit, lb Luxembourgish,
my Myanmar, bo Tibetan, tl Tagalog, mg Malagasy, as Assamese, tt Tatar, haw Hawaiian, ln Lingala, ha Hausa, ba Bashkir,
jw Javanese, su Sundanese, yue Cantonese
"""

LANGUAGES: dict[str, str] = {
    code: name for code, _, name in (item.strip().partition(" ") for item in _NAMES.split(","))
}
"""Whisper's codes, in its order, and their names in English; `yue` is the one that older weights lack."""

_OTHER_NAMES = {"mandarin": "zh", "putonghua": "zh", "cn": "zh", "hk": "yue", "cmn": "zh", "can": "yue", "eng": "en"}


def read_languages(text: str) -> tuple[str, ...]:
    """The codes of a text such as `en+yue` or `en, yue`, each once, in their order; none for an empty text.

    Raises `UsageError` for what is no code, with the code that may be meant; it does not quote the text, which may
    have slipped in from another column.
    """
    codes = tuple(dict.fromkeys(filter(None, re.split(r"[\s+,;/，；、]+", text.strip().casefold()))))
    for number, code in enumerate(codes, start=1):
        if code not in LANGUAGES:
            which = "" if len(codes) == 1 else f" (the {_ordinal(number)} is none)"
            raise UsageError(f'must be Whisper\'s code of a language, such as "en", "yue" or "zh"{which}{_near(code)}')
    return codes


def joined_languages(codes: tuple[str, ...]) -> str:
    """The codes as one text, as a manifest's cell and `recording.json` hold them: `en+yue`."""
    return "+".join(codes)


def _ordinal(number: int) -> str:
    return {1: "first", 2: "second", 3: "third"}.get(number, f"{number}th")


def _near(text: str) -> str:
    """What may be meant by something that is no code: by its name in English, a region's code, or its spelling."""
    by_name = {name.casefold(): code for code, name in LANGUAGES.items()} | _OTHER_NAMES
    base = text.partition("-")[0]
    if text.endswith(("-hk", "-mo")):
        found = ["yue"]
    elif base in LANGUAGES:
        found = [base]
    elif base in by_name:
        found = [by_name[base]]
    else:
        names = difflib.get_close_matches(base, [*by_name, *LANGUAGES], n=2, cutoff=0.75)
        found = list(dict.fromkeys(by_name.get(name, name) for name in names))
    meant = " or ".join(f'"{code}" ({LANGUAGES[code]})' for code in found)
    return f"; did you mean {meant}?" if meant else ""
