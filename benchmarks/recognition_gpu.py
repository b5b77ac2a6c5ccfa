"""How fast the engine is on a GPU, with random weights of the true shapes, beside what the device could do at best.

    PYTHONPATH=. python benchmarks/recognition_gpu.py [--models large-v3,turbo] [--batches 1,16,64,128] [--quick]
        [--out FOLDER] [--bandwidth TB/s --tflops N]
    PYTHONPATH=. python benchmarks/recognition_gpu.py --device cpu --models tiny --batches 1,2 --quick

Needs torch, numpy, tiktoken and safetensors, no weights and no network; where openai-whisper is missing, the numbers of
its tokens are put in its place. Windows go through the engine's own queue: encoder, decoder with timestamp rules, word
times. Log-mel features are made before, and nothing is read from files: decoding of sound is not in these figures.

Cases: "words": 120 tokens per window, word times on. "mixed": the same with 60 to 180 tokens, 120 in the mean, so that
rows end at different steps and slots are refilled. "mlperf": 64 tokens, no word times, the shape of MLPerf's Whisper
benchmark (which has no timestamps; the rules for them are on here, and cost what they cost). × real time: 30 s per
window. Roofline: `recognition_shapes.py`; the share is of what no program on this device can beat.

Then, for each model at one batch size: the seconds of each part, with the device waited for before and after, so that
they add up to more than the windows took; and the kernels of one step in the middle of a window: how many, how long
they run, and how much of the step's time the device does nothing. "same tokens": with and without CUDA graphs. Writes
`recognition_gpu.json` into FOLDER.
"""

import argparse
import json
import os
import platform
import statistics
import time
from collections import deque
from contextlib import ExitStack
from pathlib import Path
from typing import Any

# As the program has it (transcribe/__init__.py), but torch is imported before it here: threads that wait must not spin.
os.environ.setdefault("GOMP_SPINCOUNT", "2000")

import torch
from recognition_random import random_model, replaced, use_stand_in_tokenizer
from recognition_shapes import SHAPES, Device, device_of, roofline

SECONDS = 30
CASES = {"words": (120, 120, True), "mixed": (60, 180, True), "mlperf": (64, 64, False)}
"""Fewest and most tokens per window, and whether words are timed."""
PROFILED_STEP = 60


def main() -> None:
    """Measures what was asked for, prints the tables and leaves all figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--models", default="large-v3,turbo")
    parser.add_argument("--batches", default="1,16,64,128")
    parser.add_argument("--cases", default=",".join(CASES))
    parser.add_argument("--device", default="cuda")
    parser.add_argument("--quick", action="store_true", help="two windows per slot instead of four")
    parser.add_argument("--bandwidth", type=float, help="of a device that is not known, TB/s")
    parser.add_argument("--tflops", type=float, help="the same, 16-bit operations")
    parser.add_argument("--out", type=Path, default=Path())
    wanted = parser.parse_args()
    stood_in = use_stand_in_tokenizer()
    batches = [int(batch) for batch in wanted.batches.split(",")]
    name = torch.cuda.get_device_name() if wanted.device == "cuda" else platform.processor() or "a processor"
    given = wanted.bandwidth and wanted.tflops
    device = Device(1e12 * wanted.bandwidth, 1e12 * wanted.tflops) if given else device_of(name)
    where = f"{name}, torch {torch.__version__}, Python {platform.python_version()}"
    print(where + (", stand-in for openai-whisper's tokens" if stood_in else "") + "\n", flush=True)
    rows: list[dict[str, Any]] = []
    parts: dict[str, Any] = {}
    wanted.out.mkdir(parents=True, exist_ok=True)
    print_head()
    for shape in wanted.models.split(","):
        model = random_model(shape, wanted.device)
        for case in wanted.cases.split(","):
            for batch in batches:
                rows.append(measured(model, shape, case, batch, 2 if wanted.quick else 4, device))
                print_row(rows[-1])
        at = max((batch for batch in batches if batch <= 64), default=batches[0])  # where nothing is short of memory
        same = {batch: same_tokens(model, batch) for batch in batches if batch <= 16}
        parts[shape] = {"batch": at, "parts": parts_of(model, at), "step": step_of(model, at), "same": same}
        parts[shape]["step at batch 1"] = step_of(model, 1)
        # Kept after each model: a machine that is taken away leaves what was measured.
        (wanted.out / "recognition_gpu.json").write_text(json.dumps({"where": where, "rows": rows, "parts": parts}))
        del model
    for shape, found in parts.items():
        print_parts(shape, found)


def requests(model: Any, case: str, count: int) -> "deque[Any]":
    """Windows to decode, always the same."""
    from transcribe.recognition.slot_engine import Request

    fewest, most, _ = CASES[case]
    generator = torch.Generator().manual_seed(1)
    mels = torch.randn(4, model.config.dims.n_mels, 3000, generator=generator).to(model.device)
    lengths = torch.linspace(fewest, most, count).round().int()[torch.randperm(count, generator=generator)].tolist()
    frames = model.config.dims.n_audio_ctx
    made = (
        Request(lambda i=i: mels[i % 4] * (1 + i / 1000), ("en",), (0.0,), frames, seed=i, most_tokens=length)
        for i, length in enumerate(lengths)
    )
    return deque(made)


def run(engine: Any, waiting: "deque[Any]", word_times: bool = True) -> list[Any]:
    """What was heard in the windows, in their order."""
    from transcribe.recognition import slot_engine, stepper

    wanted = list(waiting)
    with ExitStack() as stack:
        # Random weights repeat themselves: the loop breaker looks at the rows all the same, and finds nothing.
        stack.enter_context(replaced(stepper, "ends_in_loop", lambda _: lambda _tokens: False))
        if not word_times:
            stack.enter_context(replaced(slot_engine, "text_tokens", lambda _: lambda *_given: []))
        heard = dict(engine.decode(waiting))
        wait_for(engine)
    return [heard[request] for request in wanted]


def wait_for(engine: Any) -> None:
    """Waits until the device has done everything."""
    if engine.vocabulary.device.type == "cuda":
        torch.cuda.synchronize()


def built(model: Any, batch: int, graphs: bool = True) -> Any:
    """An engine with so many slots, warm: its memory is there, and its graphs of every length are captured."""
    from transcribe.recognition.slot_engine import SlotEngine

    engine = SlotEngine(model, slots=batch, graphs=graphs)
    run(engine, requests(model, "mixed", batch))
    return engine


def measured(model: Any, shape: str, case: str, batch: int, rounds: int, device: Device | None) -> dict[str, Any]:
    """One row of the table."""
    fewest, most, word_times = CASES[case]
    row: dict[str, Any] = {"model": shape, "case": case, "batch": batch}
    cuda = model.device.type == "cuda"
    if cuda:
        torch.cuda.empty_cache()
        torch.cuda.reset_peak_memory_stats()
    try:
        engine = built(model, batch)
        count = rounds * max(batch, 4)
        waiting = requests(model, case, count)
        lengths = [request.most_tokens for request in waiting]
        began = time.perf_counter()
        heard = run(engine, waiting, word_times)
        seconds = time.perf_counter() - began
    except torch.OutOfMemoryError:
        return row | {"failed": "out of memory"}
    assert [len(one.hypothesis.tokens) for one in heard] == lengths, "a window has another number of tokens"
    assert all(bool(one.starts) == word_times for one in heard), "word times are missing"
    rate = count / seconds
    row |= {"windows": count, "tokens": statistics.mean(lengths), "seconds": seconds, "windows_per_second": rate}
    row |= {"real_time": SECONDS * rate, "memory_gb": torch.cuda.max_memory_allocated() / 1e9 if cuda else 0.0}
    if device:
        bound = roofline(SHAPES[shape], batch, (fewest + most) // 2, word_times, device)
        row |= {"roofline_parts": bound, "roofline": 1 / sum(bound.values())}
    return row


def same_tokens(model: Any, batch: int) -> dict[str, int]:
    """In how many windows the tokens are the same with and without graphs."""
    found = [run(built(model, batch, graphs), requests(model, "mixed", 2 * batch)) for graphs in (True, False)]
    same = sum(one.hypothesis.tokens == other.hypothesis.tokens for one, other in zip(*found, strict=True))
    return {"windows": 2 * batch, "same": same}


def parts_of(model: Any, batch: int) -> dict[str, float]:
    """Seconds of each part per window of the case "words"; parts that the engine does not have any more are missing."""
    from transcribe.recognition import slot_engine
    from transcribe.recognition.slots import Slots
    from transcribe.recognition.stepper import Stepper

    spent: dict[str, float] = {}
    engine = built(model, batch)

    def timed(part: str) -> Any:
        def wrap(function: Any) -> Any:
            def timing(*given: Any, **options: Any) -> Any:
                wait_for(engine)
                began = time.perf_counter()
                result = function(*given, **options)
                wait_for(engine)
                spent[part] = spent.get(part, 0.0) + time.perf_counter() - began
                return result

            return timing

        return wrap

    places = ((type(model), "encode", "encoder"), (Slots, "fill", "keys and values of the sound"))
    places += ((Stepper, "begin", "prompts"), (Stepper, "advance", "steps"))
    places += ((Stepper, "break_loops", "looking for loops"), (slot_engine, "attention_of", "alignment"))
    places += ((slot_engine, "token_starts", "time warping"), (Stepper, "hypothesis", "reading of rows"))
    waiting = requests(model, "words", 2 * batch)
    with ExitStack() as stack:
        for owner, name, part in places:
            stack.enter_context(replaced(owner, name, timed(part)))
        began = time.perf_counter()
        run(engine, waiting)
        whole = time.perf_counter() - began
    spent["rest"] = whole - sum(spent.values())
    return {part: seconds / (2 * batch) for part, seconds in spent.items()}


def step_of(model: Any, batch: int) -> dict[str, Any]:
    """The kernels of one step in the middle of a window: {} where there is no GPU or no such step any more."""
    engine = built(model, batch)
    if model.device.type != "cuda":
        return {}
    from torch.profiler import ProfilerActivity, profile

    from transcribe.recognition.stepper import Stepper

    found: dict[str, Any] = {}
    steps = 0

    def wrap(advance: Any) -> Any:
        def profiling(*given: Any) -> Any:
            nonlocal steps
            steps += 1
            if steps not in (PROFILED_STEP - 1, PROFILED_STEP):
                return advance(*given)
            torch.cuda.synchronize()
            began = time.perf_counter()
            if steps < PROFILED_STEP:  # without the profiler, which costs time itself
                advance(*given)
                torch.cuda.synchronize()
                found["seconds"] = time.perf_counter() - began
                return None
            with profile(activities=[ProfilerActivity.CPU, ProfilerActivity.CUDA]) as seen:
                advance(*given)
                torch.cuda.synchronize()
            kernels = [
                event for event in seen.key_averages() if event.self_device_time_total and not event.cpu_time_total
            ]
            kernels.sort(key=lambda event: -event.self_device_time_total)
            found["kernels"] = [(event.key, event.count, event.self_device_time_total / 1e6) for event in kernels]
            return None

        return profiling

    with replaced(Stepper, "advance", wrap):
        run(engine, requests(model, "words", batch))
    return found


def print_head() -> None:
    """The head of the table of speeds."""
    columns = ("case", "tokens", "batch", "windows / s", "× real time", "roofline, windows / s", "share", "memory, GB")
    print(f"| model | {' | '.join(columns)} |\n|---|{'---|' * len(columns)}", flush=True)


def print_row(row: dict[str, Any]) -> None:
    """One row of the table of speeds."""
    if "failed" in row:
        print(f"| {row['model']} | {row['case']} | | {row['batch']} | {row['failed']} | | | | |", flush=True)
        return
    rate, bound = row["windows_per_second"], row.get("roofline")
    cells = [row["case"], f"{row['tokens']:.0f}", str(row["batch"]), f"{rate:.1f}", f"{row['real_time']:.0f}"]
    cells += [f"{bound:.1f}", f"{100 * rate / bound:.0f} %"] if bound else ["", ""]
    print(f"| {row['model']} | {' | '.join(cells)} | {row['memory_gb']:.1f} |", flush=True)


def print_parts(shape: str, found: dict[str, Any]) -> None:
    """Where the time goes, in one model."""
    same = ", ".join(f"batch {batch}: {one['same']} of {one['windows']}" for batch, one in found["same"].items())
    print(f"\n{shape}: same tokens with and without graphs: {same or 'not asked'}\n")
    print(f"| part, batch {found['batch']} | ms per window |\n|---|---|")
    for part, seconds in found["parts"].items():
        print(f"| {part} | {1000 * seconds:.2f} |")
    for batch, one in ((found["batch"], found["step"]), (1, found["step at batch 1"])):
        if not one.get("kernels"):
            continue
        busy = sum(seconds for _, _, seconds in one["kernels"])
        count = sum(times for _, times, _ in one["kernels"])
        idle = max(0.0, 1 - busy / one["seconds"])
        print(f"\nOne step at batch {batch}: {1e6 * one['seconds']:.0f} µs, {count} kernels that run ", end="")
        print(f"{1e6 * busy:.0f} µs; the device does nothing for {100 * idle:.0f} % of it\n")
        print("| kernel | times | µs | share |\n|---|---|---|---|")
        for kernel, times, seconds in one["kernels"][:12]:
            print(
                f"| `{kernel[:90].replace('|', '/')}` | {times} | {1e6 * seconds:.0f} | {100 * seconds / busy:.0f} % |"
            )


if __name__ == "__main__":
    main()
