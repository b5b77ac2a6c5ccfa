"""`--pii-model`: a second model adds finds, reads all of a text, takes nothing away, and fetches nothing."""

import builtins
import re
import sys
from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from transcribe.diarization.torchaudio_stub import install_torchaudio_stub
from transcribe.engines import PiiCandidate
from transcribe.errors import DependencyError, UsageError, WithheldError
from transcribe.records import Transcript, Utterance
from transcribe.redaction import second_model
from transcribe.redaction.second_model import (
    digest_of_folder,
    in_pieces,
    load_token_classifier,
    open_second_model,
    pieces_of,
)
from transcribe.redaction.second_model_labels import GLINER_LABELS, type_of_label
from transcribe.redaction.spans import NER, priority
from transcribe.study.settings import Settings, with_overrides


def transcript(*texts: str) -> Transcript:
    utterances = tuple(
        Utterance(f"u{n:04d}", "P01-PIR", "en", float(n), n + 1.0, text, ()) for n, text in enumerate(texts, 1)
    )
    return Transcript("P01-PIR", utterances)


class Rules:
    """A first detector that finds the first word of every utterance."""

    fingerprint = "rules 1"

    def detect(self, transcripts: Sequence[Transcript]) -> list[PiiCandidate]:
        return [
            PiiCandidate(t.recording, u.id, 0, len(u.text.split()[0]), "PERSON", "direct", "grammar/cue", 1.0)
            for t in transcripts
            for u in t.utterances
        ]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A token classifier of a few hundred weights: `zorban` begins a person, `quell` goes on, `brixt` is a place."""
    install_torchaudio_stub()
    import torch
    from tokenizers import Tokenizer
    from tokenizers.models import WordLevel
    from tokenizers.pre_tokenizers import BertPreTokenizer
    from tokenizers.processors import TemplateProcessing
    from transformers import BertConfig, BertForTokenClassification, PreTrainedTokenizerFast

    words = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "zorban", "quell", "brixt", "lithium", "talked"]
    tokenizer = Tokenizer(WordLevel({word: k for k, word in enumerate(words)}, unk_token="[UNK]"))
    tokenizer.pre_tokenizer = BertPreTokenizer()
    tokenizer.post_processor = TemplateProcessing("[CLS] $A [SEP]", special_tokens=[("[CLS]", 2), ("[SEP]", 3)])
    fast = PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, unk_token="[UNK]", pad_token="[PAD]", cls_token="[CLS]", sep_token="[SEP]"
    )
    labels = {0: "O", 1: "B-PER", 2: "I-PER", 3: "B-LOC", 4: "B-MISC"}
    config = BertConfig(
        vocab_size=len(words),
        hidden_size=len(words),
        num_hidden_layers=0,
        num_attention_heads=1,
        intermediate_size=1,
        max_position_embeddings=32,
        id2label=labels,
        label2id={label: k for k, label in labels.items()},
    )
    model = BertForTokenClassification(config)
    with torch.no_grad():
        for weights in model.parameters():
            weights.zero_()
        model.bert.embeddings.word_embeddings.weight.copy_(torch.eye(len(words)))
        model.bert.embeddings.LayerNorm.weight.fill_(1.0)
        model.classifier.bias[0] = 2.0
        for word, label in (("zorban", 1), ("quell", 2), ("brixt", 3), ("lithium", 1), ("talked", 4)):
            model.classifier.weight[label, words.index(word)] = 10.0
    path = tmp_path_factory.mktemp("model")
    model.save_pretrained(path, safe_serialization=True)
    fast.save_pretrained(path)
    return path


def surfaces(texts: Sequence[str], found: Sequence[PiiCandidate]) -> list[tuple[str, str]]:
    return [
        (texts[int(c.utterance[1:]) - 1][c.start : c.end], c.entity_type) for c in found if c.recognizer[:6] == "model/"
    ]


def test_its_finds_are_added_to_those_of_the_rules(folder: Path) -> None:
    texts = ["hello zorban quell, how is brixt", "nothing here", "we talked of lithium"]
    detector = open_second_model(f"hf:{folder}", Rules())
    found = detector.detect([transcript(*texts)])
    assert surfaces(texts, found) == [("zorban quell", "PERSON"), ("brixt", "PLACE")]
    assert [c for c in found if c.recognizer == "grammar/cue"] == Rules().detect([transcript(*texts)])
    assert found == sorted(found, key=lambda c: (c.recording, c.utterance, c.start, c.end, c.entity_type, c.recognizer))
    assert found == detector.detect([transcript(*texts)])
    assert all(priority(c.recognizer) == NER for c in found if c.recognizer.startswith("model/"))


@pytest.mark.parametrize("position", [0, 29, 30, 31, 60, 500, 1999])
def test_a_token_classifier_reads_a_text_of_any_length(folder: Path, position: int) -> None:
    words = ["word"] * 2000
    words[position] = "zorban"
    text = " ".join(words)
    found = load_token_classifier(folder)(text)
    assert {text[start:end] for start, end, _, _ in found} == {"zorban"}
    assert {start for start, _, _, _ in found} == {5 * position}


def test_an_empty_text_and_punctuation_give_nothing(folder: Path) -> None:
    find = load_token_classifier(folder)
    assert find("") == find("...") == find(" ") == []


def test_the_fingerprint_follows_every_file_of_the_folder(folder: Path, tmp_path: Path) -> None:
    for path in folder.iterdir():
        (tmp_path / path.name).write_bytes(path.read_bytes())
    first = open_second_model(f"hf:{tmp_path}", Rules()).fingerprint
    assert first == open_second_model(f"hf:{folder}", Rules()).fingerprint
    assert first.startswith("rules 1 ")
    assert digest_of_folder(tmp_path) in first
    (tmp_path / "config.json").write_text((tmp_path / "config.json").read_text() + " ")
    assert open_second_model(f"hf:{tmp_path}", Rules()).fingerprint != first
    assert open_second_model("", Rules()).fingerprint == "rules 1"


class CutsOff:
    """As GLiNER does: what lies behind its 384th word is not looked at, and nobody is told."""

    def predict_entities(self, text: str, labels: list[str], **options: object) -> Iterator[dict[str, Any]]:
        assert "person" in labels
        for number, match in enumerate(re.finditer(r"\w+|\S", text)):
            if number < 384 and match.group() == "Zorban":
                yield {"start": match.start(), "end": match.end(), "label": "person", "score": 0.9}


@given(st.lists(st.integers(0, 2999), min_size=1, max_size=4, unique=True))
def test_gliner_reads_a_text_of_any_length(positions: list[int]) -> None:
    words = ["word"] * 3000
    for position in positions:
        words[position] = "Zorban"
    text = " ".join(words)
    found = in_pieces(CutsOff())(text)
    starts = {sum(len(word) + 1 for word in words[:position]) for position in positions}
    assert {start for start, _, _, _ in found} == starts
    assert {text[start:end] for start, end, _, _ in found} == {"Zorban"}


@given(st.text(alphabet="ab 陳大.'-", max_size=300), st.integers(4, 20))
def test_pieces_cover_all_words_and_overlap(text: str, words: int) -> None:
    pieces = pieces_of(text, words, words // 3)
    covered = {position for start, end in pieces for position in range(start, end)}
    assert {k for k, c in enumerate(text) if not c.isspace()} <= covered
    assert all(second[0] <= first[1] for first, second in pairwise(pieces))


def test_gliner_is_opened_offline_from_the_folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    calls: list[tuple[Any, Any]] = []

    class GLiNER:
        @staticmethod
        def from_pretrained(*where: Any, **how: Any) -> CutsOff:
            calls.append((where, how))
            return CutsOff()

    (tmp_path / "model.safetensors").write_bytes(b"x")
    module = SimpleNamespace(GLiNER=GLiNER, __spec__=SimpleNamespace())
    monkeypatch.setitem(sys.modules, "gliner", module)
    text = "word " * 500 + "Zorban"
    found = open_second_model(f"gliner:{tmp_path}", Rules()).detect([transcript(text)])
    assert surfaces([text], found) == [("Zorban", "PERSON")]
    assert calls == [((str(tmp_path),), {"local_files_only": True, "map_location": "cpu"})]
    import os

    import huggingface_hub.constants

    assert os.environ["HF_HUB_OFFLINE"] == os.environ["TRANSFORMERS_OFFLINE"] == "1"
    assert huggingface_hub.constants.HF_HUB_OFFLINE is True


@pytest.mark.parametrize(
    "wanted", ["hf:dslim/bert-base-NER", "gliner:urchade/gliner_multi_pii-v1", "hf:/nowhere/at/all"]
)
def test_a_name_on_the_hub_or_a_missing_folder_is_refused(wanted: str) -> None:
    with pytest.raises(DependencyError, match="no folder") as error:
        open_second_model(wanted, Rules())
    assert error.value.exit_code == 4
    assert "nowhere" not in error.value.message


def test_a_folder_named_like_a_model_of_the_hub_is_still_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "dslim" / "bert").mkdir(parents=True)
    (tmp_path / "dslim" / "bert" / "model.safetensors").write_bytes(b"x")
    monkeypatch.chdir(tmp_path)
    with pytest.raises(DependencyError, match="whole path"):
        open_second_model("hf:dslim/bert", Rules())


def test_pickled_weights_are_refused(tmp_path: Path) -> None:
    (tmp_path / "pytorch_model.bin").write_bytes(b"x")
    (tmp_path / "config.json").write_text("{}")
    with pytest.raises(DependencyError, match="safetensors"):
        open_second_model(f"hf:{tmp_path}", Rules())


@pytest.mark.parametrize("kind", ["hf", "gliner"])
def test_a_missing_package_says_how_to_install_it(kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "model.safetensors").write_bytes(b"x")
    monkeypatch.setattr(second_model.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(DependencyError, match=r'pip install "transcribe\[pii-model\]"'):
        open_second_model(f"{kind}:{tmp_path}", Rules())


def test_a_folder_that_cannot_be_loaded_is_named_by_kind_only(tmp_path: Path) -> None:
    (tmp_path / "model.safetensors").write_bytes(b"not weights")
    (tmp_path / "config.json").write_text('{"model_type": "canary-model"}')
    with pytest.raises(DependencyError, match="cannot be loaded") as error:
        open_second_model(f"hf:{tmp_path}", Rules()).detect([transcript("hello")])
    assert "canary" not in error.value.message
    assert str(tmp_path) not in error.value.message


def test_code_of_the_folder_is_never_run(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for path in folder.iterdir():
        (tmp_path / path.name).write_bytes(path.read_bytes())
    config = (tmp_path / "config.json").read_text().replace('"model_type": "bert"', '"model_type": "own"')
    config = config.replace("{", '{"auto_map": {"AutoConfig": "own.C", "AutoModelForTokenClassification": "own.M"},', 1)
    (tmp_path / "config.json").write_text(config)
    (tmp_path / "own.py").write_text("import builtins\nbuiltins.canary = True\n")
    with pytest.raises(DependencyError):
        open_second_model(f"hf:{tmp_path}", Rules()).detect([transcript("hello")])
    assert not hasattr(builtins, "canary")


def test_a_model_without_a_label_of_ours_is_refused(folder: Path, tmp_path: Path) -> None:
    for path in folder.iterdir():
        (tmp_path / path.name).write_bytes(path.read_bytes())
    config = (tmp_path / "config.json").read_text()
    (tmp_path / "config.json").write_text(re.sub(r"[BI]-(?:PER|LOC)", "B-DISEASE", config))
    with pytest.raises(DependencyError, match="labels"):
        open_second_model(f"hf:{tmp_path}", Rules()).detect([transcript("hello")])


def failing(text: str) -> list[tuple[int, int, str, float]]:
    raise ValueError(f"cannot read {text}")


def outside(text: str) -> list[tuple[int, int, str, float]]:
    return [(0, len(text) + 5, "PER", 1.0)]


@pytest.mark.parametrize("model", [failing, outside])
def test_a_model_that_fails_withholds_and_quotes_nothing(
    model: Callable[[str], list[tuple[int, int, str, float]]], tmp_path: Path
) -> None:
    detector = second_model.WithSecondModel(Rules(), tmp_path, "hf", lambda _: model)
    with pytest.raises(WithheldError) as error:
        detector.detect([transcript("Canary speaks")])
    assert error.value.exit_code == 7
    assert "Canary" not in error.value.message
    assert "P01-PIR" in error.value.message


def test_a_find_grows_to_the_whole_word_and_leaves_what_must_be_kept(tmp_path: Path) -> None:
    spans = [(2, 4, "PER", 0.9), (8, 15, "PER", 0.9), (16, 18, "PER", 0.2), (19, 21, "PER", 0.9)]
    detector = second_model.WithSecondModel(Rules(), tmp_path, "hf", lambda _: lambda _: spans)
    text = "Zorban, lithium ok 阿強話"
    assert surfaces([text], detector.detect([transcript(text)])) == [("Zorban", "PERSON"), ("阿強", "PERSON")]


@pytest.mark.parametrize(
    ("label", "expected"),
    [
        *(("B-PER", "PERSON"), ("I-PERSON", "PERSON"), ("LOC", "PLACE"), ("O", ""), ("B-MISC", ""), ("I-DATE", "")),
        *(
            ("date of birth", "DATE"),
            ("DATEOFBIRTH", "DATE"),
            ("phone number", "PHONE"),
            ("DISEASE", ""),
            ("E-ORG", "ORG"),
        ),
    ],
)
def test_labels_of_others_are_read_as_types_of_ours(label: str, expected: str) -> None:
    assert type_of_label(label) == expected


def test_everything_that_gliner_is_asked_for_has_a_type() -> None:
    assert all(type_of_label(label) for label in GLINER_LABELS)


def test_the_option_goes_before_the_settings_and_is_checked() -> None:
    assert with_overrides(Settings(), {}, {"pii_model": "hf:/a"}).pii_model == "hf:/a"
    assert with_overrides(Settings(pii_model="hf:/a"), {}, {"pii_model": None}).pii_model == "hf:/a"
    with pytest.raises(UsageError, match="--pii-model"):
        with_overrides(Settings(), {}, {"pii_model": "spacy:/a"})
