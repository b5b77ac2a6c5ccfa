"""The fast pipeline against the stock one, and batches whose rows do not feel each other; random embedding weights."""

import warnings
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.diarization_weights import stock_community, write_campplus, write_community, write_segmentation
from tests.test_diarization_models import TELEPHONE, sound
from transcribe.diarization import pyannote_pipeline
from transcribe.diarization.batches import in_batches
from transcribe.diarization.community import SHORTEST_SAMPLES
from transcribe.diarization.segmentation import Segmenter
from transcribe.engines import SAMPLE_RATE
from transcribe.weights import locate


@pytest.fixture(scope="module", autouse=True)
def one_thread() -> object:
    """Several threads on a busy machine wait for each other."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def silent(number: int, share: float) -> None:
    """Nobody wants to know how far it is."""


@pytest.fixture(scope="module")
def community(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_community(tmp_path_factory.mktemp("weights") / "community")


@pytest.mark.models
@pytest.mark.parametrize(("name", "start", "end"), [(TELEPHONE, 6, 16.5), ("D01-OBS", 0, 10.5)])
def test_turns_and_vectors_are_those_of_the_stock_pipeline(
    community: Path, name: str, start: float, end: float
) -> None:
    segmentation = locate("pyannote-segmentation-3.0")  # random ones hear nobody, or everybody
    waveform = torch.from_numpy(sound(name)[int(start * SAMPLE_RATE) : int(end * SAMPLE_RATE)].copy())
    stock = stock_community(segmentation, community)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it tries out what raises, and here a warning would
        assert stock._embedding.min_num_samples == SHORTEST_SAMPLES
    kept = {}
    stock_embeddings = stock.get_embeddings
    stock.get_embeddings = lambda *a, **k: kept.setdefault("embeddings", stock_embeddings(*a, **k))
    expected = stock({"waveform": waveform[None], "sample_rate": SAMPLE_RATE, "uri": name})

    segmenter, voices = pyannote_pipeline.load_community(
        segmentation, community / "embedding", community / "plda", "cpu"
    )
    (segmented,) = segmenter.segment([waveform], silent)
    plan = voices.plan(waveform, segmented)
    (vectors,) = voices.embed([plan], silent)
    found = voices.decide(plan, vectors, None)

    active = segmented.activity.any(axis=1)
    assert 0 < active.sum() < active.size  # some slots are silent, and were never run through the network
    np.testing.assert_allclose(vectors[active], kept["embeddings"][active], atol=1e-5)
    np.testing.assert_allclose(vectors[~active], kept["embeddings"][~active], atol=1e-6)
    for own, annotation in (
        (found.turns, expected.speaker_diarization),
        (found.exclusive, expected.exclusive_speaker_diarization),
    ):
        tracks = sorted((s.start, s.end, int(v[-2:])) for s, _, v in annotation.itertracks(yield_label=True))
        assert [(t.start, t.end, int(t.speaker)) for t in own] == [
            (pytest.approx(a, abs=1e-6), pytest.approx(b, abs=1e-6), voice) for a, b, voice in tracks
        ]
        assert len(tracks) > 1


def test_community_parameters_are_pyannotes_defaults() -> None:
    from pyannote.audio.pipelines import SpeakerDiarization

    defaults = object.__new__(SpeakerDiarization).default_parameters()
    assert defaults == {
        "segmentation": {"min_duration_off": 0.0},
        "clustering": dict(pyannote_pipeline.COMMUNITY_PARAMETERS),
    }


@given(st.integers(1, 20), st.integers(1, 7))
def test_batches_give_one_result_a_row_in_order_and_are_full(rows: int, size: int) -> None:
    shapes = []

    def twice(batch: torch.Tensor) -> torch.Tensor:
        shapes.append(len(batch))
        return 2 * batch

    made = [(torch.full((3,), float(number)),) for number in range(rows)]
    found = list(in_batches(twice, made, size, torch.device("cpu")))
    assert [result.tolist() for result in found] == [[2.0 * number] * 3 for number in range(rows)]
    assert set(shapes) == {size}
    assert len(shapes) == -(-rows // size)


@pytest.fixture(scope="module")
def networks(tmp_path_factory: pytest.TempPathFactory, community: Path) -> dict[str, tuple[object, tuple[int, ...]]]:
    """What runs in batches, and the shape of its rows; short ones, for speed."""
    root = tmp_path_factory.mktemp("more")
    segmenter, voices = pyannote_pipeline.load_draft(
        write_segmentation(root / "seg"), write_campplus(root / "campplus"), "cpu"
    )
    assert isinstance(segmenter, Segmenter)
    _, resnet = pyannote_pipeline.load_community(root / "seg", community / "embedding", community / "plda", "cpu")

    def masked(waveforms: torch.Tensor) -> torch.Tensor:
        return resnet._compute(waveforms, (waveforms[:, None, ::200].abs() > 0.05).float().expand(-1, 3, -1))

    return {
        "segmentation": (segmenter._compute, (SAMPLE_RATE,)),
        "campplus": (voices._compute, (100, 80)),
        "resnet": (masked, (SAMPLE_RATE,)),
    }


@pytest.mark.parametrize("kind", ["segmentation", "campplus", "resnet"])
@given(seed=st.integers(0, 999))
@settings(max_examples=3, deadline=None)
def test_a_row_does_not_feel_its_neighbours_or_its_place(networks: dict, kind: str, seed: int) -> None:
    compute, shape = networks[kind]
    random = torch.Generator().manual_seed(seed)
    rows = [0.1 * torch.randn(*shape, generator=random) for _ in range(6)]
    others = [10.0 * torch.randn(*shape, generator=random) for _ in range(5)]

    def results(some: list[torch.Tensor]) -> list[torch.Tensor]:
        return list(in_batches(compute, [(row,) for row in some], 4, torch.device("cpu")))

    expected = results(rows)
    order = torch.randperm(11, generator=random).tolist()
    mixed = results([[*rows, *others][number] for number in order])
    for number, row in enumerate(expected):
        assert torch.equal(row, mixed[order.index(number)])
    assert torch.equal(results(rows[:1])[0], expected[0])  # alone, beside zeros
