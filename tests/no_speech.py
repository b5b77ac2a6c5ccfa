"""Sounds in which nobody speaks, made by calculation: silence, hiss, music, a café, a slammed door. 16 kHz, float32."""

import numpy as np

from transcribe.engines import SAMPLE_RATE, Samples


def silence(seconds: float) -> Samples:
    """A recorder that was left on with nothing plugged in."""
    return np.zeros(round(seconds * SAMPLE_RATE), np.float32)


def hiss(seconds: float, level: float = 0.002) -> Samples:
    """An empty room: the noise of the microphone."""
    return np.random.default_rng(0).normal(0, level, round(seconds * SAMPLE_RATE)).astype(np.float32)


def music(seconds: float) -> Samples:
    """A melody with vibrato over four chords, notes with eight harmonics that fade as those of plucked strings do."""
    rng = np.random.default_rng(1)
    samples = np.zeros(round(seconds * SAMPLE_RATE))
    chords = [(0, 4, 7), (9, 12, 16), (5, 9, 12), (7, 11, 14)]

    def play(start: float, length: float, hertz: float, level: float) -> None:
        first = round(start * SAMPLE_RATE)
        times = np.arange(min(len(samples) - first, round(length * SAMPLE_RATE))) / SAMPLE_RATE
        phase = 2 * np.pi * hertz * times + 0.003 * hertz * np.sin(2 * np.pi * 5 * times)
        envelope = np.minimum(times / 0.03, 1) * np.exp(-1.2 * times / length)
        envelope *= np.clip((length - times) / 0.05, 0, 1)
        note = np.sum([np.sin(k * phase) / k**1.4 for k in range(1, 9)], axis=0)
        samples[first : first + len(times)] += level * envelope * note

    for beat in range(int(seconds / 0.5)):
        chord = chords[beat // 4 % 4]
        if beat % 4 == 0:
            for tone in chord:
                play(0.5 * beat, 2.0, 130.8 * 2 ** (tone / 12), 0.06)
        tone = chord[rng.integers(3)] + int(rng.choice([0, 0, 2, -1]))
        play(0.5 * beat, 0.5 * float(rng.choice([1, 1, 2])), 261.6 * 2 ** (tone / 12), 0.12)
    return (0.4 * samples / np.abs(samples).max()).astype(np.float32)


def cafe(seconds: float, voices: int = 24) -> Samples:
    """Many bands of noise that come and go as fast as syllables do, none of them a word; and clinking cups."""
    rng = np.random.default_rng(2)
    n = round(seconds * SAMPLE_RATE)
    frequencies = np.fft.rfftfreq(n, 1 / SAMPLE_RATE)
    samples = np.zeros(n)
    for _ in range(voices):
        centre = np.exp(rng.uniform(np.log(200), np.log(3500)))
        band = np.exp(-(((frequencies - centre) / (0.25 * centre)) ** 2) / 2)
        noise = np.fft.irfft(np.fft.rfft(rng.normal(size=n)) * band, n)
        slow = (frequencies > 1.5) & (frequencies < 7)
        syllables = np.fft.irfft(np.fft.rfft(rng.normal(size=n)) * slow, n)
        samples += noise / noise.std() * np.clip(syllables / syllables.std(), 0, None) / np.sqrt(centre / 500)
    samples /= samples.std()
    times = np.arange(SAMPLE_RATE // 4) / SAMPLE_RATE
    for _ in range(int(seconds / 4)):
        first = rng.integers(n - len(times))
        ring = np.sum([np.sin(2 * np.pi * hertz * times) for hertz in rng.uniform(2500, 6500, 4)], axis=0)
        samples[first : first + len(times)] += 3 * np.exp(-25 * times) * ring
    return np.clip(0.03 * samples, -1, 1).astype(np.float32)


def door(seconds: float) -> Samples:
    """A quiet room, and in the middle one slam, as loud as the recorder can take."""
    samples = hiss(seconds, 0.0005)
    times = np.arange(round(0.6 * SAMPLE_RATE)) / SAMPLE_RATE
    rng = np.random.default_rng(3)
    slam = 0.9 * np.exp(-14 * times) * (rng.normal(0, 0.5, len(times)) + np.sin(2 * np.pi * 70 * times))
    first = len(samples) // 2
    samples[first : first + len(times)] += slam.astype(np.float32)
    return np.clip(samples, -1, 1)
