"""Which weights and which device a run gets."""

import pytest

from transcribe import config
from transcribe.config import choose_device, choose_tier
from transcribe.errors import DependencyError

EVERYTHING = {model for tier in config.TIERS for model in tier.models}


def pulled(monkeypatch: pytest.MonkeyPatch, *names: str, gigabytes: float = 24) -> None:
    monkeypatch.setattr(config, "is_pulled", lambda name: name in names)
    card = type("Card", (), {"total_memory": gigabytes * 1e9})()
    monkeypatch.setattr("torch.cuda.get_device_properties", lambda device: card)


@pytest.mark.parametrize(
    ("device", "gigabytes", "here", "expected"),
    [
        ("cpu", 0, EVERYTHING, "draft"),
        ("cuda:0", 24, EVERYTHING, "best"),
        ("cuda:0", 8, EVERYTHING, "standard"),
        ("cuda:0", 24, EVERYTHING - {"whisper-large-v3"}, "standard"),
        ("cuda:0", 24, EVERYTHING - {"community-1"}, "draft"),
    ],
)
def test_auto_takes_the_best_that_is_pulled_and_fits(
    monkeypatch: pytest.MonkeyPatch, device: str, gigabytes: float, here: set[str], expected: str
) -> None:
    pulled(monkeypatch, *here, gigabytes=gigabytes)
    assert choose_tier("auto", device).quality == expected


def test_auto_never_goes_below_what_the_study_has(monkeypatch: pytest.MonkeyPatch) -> None:
    pulled(monkeypatch, *EVERYTHING)
    with pytest.raises(DependencyError, match="--quality draft"):
        choose_tier("auto", "cpu", at_least="best")
    assert choose_tier("draft", "cpu", at_least="best").quality == "draft"


def test_missing_weights_are_named_with_the_command(monkeypatch: pytest.MonkeyPatch) -> None:
    pulled(monkeypatch)
    with pytest.raises(DependencyError, match=r"transcribe models pull whisper-large-v3 community-1 spacy"):
        choose_tier("best", "cuda:0")
    with pytest.raises(DependencyError, match=r"transcribe models pull whisper-base"):
        choose_tier("auto", "cpu")


def test_a_graphics_card_that_is_not_there_is_an_error_and_never_the_cpu_in_silence(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("torch.cuda.is_available", lambda: False)
    assert choose_device("auto") == "cpu"
    with pytest.raises(DependencyError, match="no CUDA device"):
        choose_device("cuda")
    monkeypatch.setattr("torch.cuda.is_available", lambda: True)
    monkeypatch.setattr("torch.cuda.device_count", lambda: 2)
    assert choose_device("auto") == "cuda:0"
    assert choose_device("cuda:1") == "cuda:1"
    with pytest.raises(DependencyError, match="2 CUDA device"):
        choose_device("cuda:2")
