"""How fast the engine is, always measured beside the usual way in the same run: trust the ratios, not the times."""

from __future__ import annotations

import os
import resource
import time
from collections.abc import Callable
from importlib import import_module
from typing import Any

import numpy as np
import numpy.typing as npt

from mlcore.engine.fitted import WEIGHT
from mlcore.engine.frames import as_frame
from mlcore.engine.gru_autoencoder import GruAutoencoder
from mlcore.engine.gru_weights import first_weights, repeated
from mlcore.engine.windows import filled_windows, kept_back, pure_windows

Figures = dict[str, Any]
Float32 = npt.NDArray[np.float32]

# What the product trains: the network alone, which is what is compared with Keras.
NETWORK_ALONE: dict[str, Any] = {"window_steps": 24, "explained": None, "scoring": "usual error", "holdout": 0.2}
DAY_ROWS = 96
LOOP_EPOCHS, LOOP_BATCH = 20, 32
TICK_SAMPLE = 20
LOOP_WINDOWS = 200
MAX_DIFFERENCE = 1e-4
CUSTOMARY_LOOP = "predict"
"""How a window is most often judged by itself: ``model.predict`` of one, as Keras' own examples do it."""


def made_up_record(substations: int, rows: int, channels: int, seed: int = 0) -> npt.NDArray[np.float64]:
    """[substation, time, channel] daily shapes, slow common movements and noise, mixed differently everywhere."""
    rng = np.random.default_rng(seed)
    angle = 2.0 * np.pi * np.arange(rows) / DAY_ROWS
    daily = np.stack([np.sin(angle), np.cos(angle), np.sin(2 * angle), np.cos(2 * angle)], axis=-1)
    walk = np.cumsum(rng.normal(size=(substations, rows + 24, 3)), axis=1)
    slow = (walk[:, 24:] - walk[:, :-24]) / np.sqrt(24)
    usual, own = rng.normal(size=(7, channels)), rng.normal(size=(substations, 7, channels))
    hidden = np.concatenate([np.broadcast_to(daily, (substations, rows, 4)), slow], axis=-1)
    return np.asarray(hidden @ (usual + 0.5 * own) + 0.3 * rng.normal(size=(substations, rows, channels)))


def hours_of_day(rows: int) -> npt.NDArray[np.float64]:
    """[time, 2] a context for made-up records."""
    angle = 2.0 * np.pi * np.arange(rows) / DAY_ROWS
    return np.stack([np.sin(angle), np.cos(angle)], axis=-1)


def untrained(substations: int, channels: int, context: int, **settings: Any) -> GruAutoencoder:
    """A model with random weights, for measuring how fast it judges."""
    model = GruAutoencoder(**{**NETWORK_ALONE, **settings})
    model.channels_, model.context_ = channels, context
    weights = repeated(first_weights(model.architecture, model.seed), substations)
    model.arrays_ = {WEIGHT + name: value for name, value in weights.items()}
    ones = {name: np.ones((substations, channels), np.float32) for name in ("scaler_spread", "error_scale")}
    model.arrays_ |= {**ones, "scaler_centre": np.zeros((substations, channels), np.float32)}
    names = ("windows", "heldout_error", "threshold", "exceeded_share", "own")
    model.arrays_ |= {name: np.ones(substations) for name in names}
    return model


def bench_train(
    substations: int = 100, sample: int = 2, rows: int = 2600, channels: int = 6, **settings: Any
) -> Figures:
    """Train a fleet at once, and ``sample`` of its substations the usual way: a ``keras.Model.fit`` each.

    Both get the same windows, the same network and are judged on the same windows that neither has seen. CPU
    seconds are those of all threads; the loop's total for the fleet is extrapolated from the sample.
    """
    from mlcore.engine.gru_graph import training_graph  # decides how TensorFlow is set up

    import_module("tensorflow")  # outside the clock, for both
    training_graph.cache_clear()  # tracing the graph is part of the price
    values, context = made_up_record(substations, rows, channels), hours_of_day(rows)
    model = GruAutoencoder(**{**NETWORK_ALONE, "epochs": None, **settings})
    _, fleet = _clocked(lambda: model.fit(values, context=context))
    chosen = np.unique(np.linspace(0, substations - 1, sample).astype(int))
    loops = [_train_alone(model, values, context, int(number)) for number in chosen]
    fleet_figures = {
        "substations": substations,
        "windows_each": int(model.windows_.mean()),
        "fleet_cpu_s": fleet["cpu_s"],
        "fleet_wall_s": fleet["wall_s"],
        "fleet_cpu_s_each": fleet["cpu_s"] / substations,
        "fleet_heldout_error": float(model.heldout_error_.mean()),
        "own_share": float(model.own_.mean()),
        "peak_memory_mb": peak_memory_mb(),
    }
    if not loops:
        return fleet_figures
    cpu_alone = float(np.mean([each["cpu_s"] for each in loops]))
    return fleet_figures | {
        "loop_sample": len(loops),
        "loop_epochs": LOOP_EPOCHS,
        "loop_cpu_s_each": cpu_alone,
        "loop_cpu_s_extrapolated": cpu_alone * substations,
        "loop_heldout_error_of_sample": float(np.mean([each["error"] for each in loops])),
        "fleet_heldout_error_of_sample": float(model.heldout_error_[chosen].mean()),
        "ratio_cpu": cpu_alone * substations / fleet["cpu_s"],
    }


def _train_alone(model: GruAutoencoder, values: npt.NDArray[Any], context: npt.NDArray[Any], number: int) -> Figures:
    from mlcore.engine.gru_keras import build_keras

    training, kept = _windows_of(model, values, context, number)
    channels = values.shape[-1]

    def run() -> Any:
        import keras

        network = build_keras(model.architecture)
        network.compile(keras.optimizers.Adam(1e-3), "mse")
        network.fit(training, training[..., :channels], epochs=LOOP_EPOCHS, batch_size=LOOP_BATCH, verbose=0)
        return network

    network, clock = _clocked(run)
    error = np.abs(network.predict(kept, verbose=0) - kept[..., :channels]).mean()
    return {**clock, "error": float(error)}


def _windows_of(
    model: GruAutoencoder, values: npt.NDArray[Any], context: npt.NDArray[Any], number: int
) -> tuple[Float32, Float32]:
    """Scaled windows [window, step, feature] that the model was trained on, and those that were kept back."""
    frame = as_frame(values, context, model.scaler_)
    kept = kept_back(values.shape[1], model.holdout_block or 4 * model.window_steps, model.holdout or 0.0)
    everything = np.lib.stride_tricks.sliding_window_view(frame.inputs[number], model.window_steps, axis=-1)
    everything = everything.transpose(1, 2, 0)
    ends = [pure_windows(rows, model.window_steps)[model.window_steps - 1 :] for rows in (~kept, kept)]
    return np.ascontiguousarray(everything[ends[0]]), np.ascontiguousarray(everything[ends[1]])


def bench_score(values: npt.NDArray[Any] | None = None, **settings: Any) -> Figures:
    """Score every row of a record: the engine, Keras ``predict`` in large batches, and a loop over single windows.

    values: [1, time, channel], default 20,000 made-up rows of 19 channels. The loop is run on a sample, in each of
    the four ways in which Keras takes one window. All must give the same scores.
    """
    values = made_up_record(1, 20_000, 19) if values is None else values
    model = untrained(1, values.shape[-1], 0, **settings)
    values = np.where(np.isfinite(values), values, 0.0)
    frame, window = as_frame(values, None, model.scaler_), model.window_steps
    windows = np.lib.stride_tricks.sliding_window_view(frame.inputs[0], window, axis=-1).transpose(1, 2, 0)
    windows = np.ascontiguousarray(windows)
    network = model.keras_model()
    network.predict(windows[:4096], batch_size=2048, verbose=0)
    (scores, engine), (rebuilt, keras_clock) = _by_turns(
        lambda: model.score(values)[0], lambda: network.predict(windows, batch_size=2048, verbose=0)
    )
    looped, loops = _one_by_one(network, windows[:LOOP_WINDOWS])
    full = filled_windows(frame.any_present, window)[0]
    difference = max(
        float(np.abs(_scores(model, windows, rebuilt)[full[window - 1 :]] - scores[full]).max()),
        float(np.abs(_scores(model, windows[:LOOP_WINDOWS], looped) - scores[window - 1 :][:LOOP_WINDOWS]).max()),
    )
    engine_rate, keras_rate = len(windows) / engine["wall_s"], len(windows) / keras_clock["wall_s"]
    return {
        "rows": values.shape[1],
        "channels": values.shape[-1],
        "parameters": int(network.count_params()),
        "window_steps": window,
        "hidden": model.hidden,
        "layers": model.layers,
        "engine_windows_per_s": engine_rate,
        "predict_windows_per_s": keras_rate,
        **{f"loop_{way}_windows_per_s": rate for way, rate in loops.items()},
        "loop_sample": LOOP_WINDOWS,
        "ratio_predict": engine_rate / keras_rate,
        **{f"ratio_loop_{way}": engine_rate / rate for way, rate in loops.items()},
        "customary_loop": CUSTOMARY_LOOP,
        "fastest_loop": max(loops, key=loops.__getitem__),
        "largest_difference": difference,
        "same_scores": difference <= MAX_DIFFERENCE,
        "sgemm_peak_gflops": sgemm_peak_gflops(),
        "engine_gflops": engine_rate * _flops(model) / 1e9,
    }


def _one_by_one(network: Any, windows: Float32) -> tuple[Float32, dict[str, float]]:
    """Reconstructions of single windows, and windows per second of each way in which Keras takes one."""
    from tensorflow import function

    traced = function(lambda one: network(one, training=False))
    ways: dict[str, Callable[[Float32], Any]] = {
        "predict": lambda one: network.predict(one, verbose=0),
        "call": lambda one: network(one, training=False).numpy(),
        "on_batch": network.predict_on_batch,
        "function": lambda one: traced(one).numpy(),
    }
    rates = {}
    for name, way in ways.items():
        way(windows[:1])
        started = time.perf_counter()
        results = [way(windows[k : k + 1]) for k in range(len(windows))]
        rates[name] = len(windows) / (time.perf_counter() - started)
    return np.concatenate(results), rates


def _scores(model: GruAutoencoder, windows: Float32, rebuilt: Float32) -> Float32:
    errors = np.abs(windows[..., : model.channels_] - rebuilt).mean(axis=1) / model.arrays_["error_scale"][0]
    return np.asarray(np.sqrt((errors**2).mean(axis=-1)))


def _flops(model: GruAutoencoder) -> float:
    """Multiplications and additions that one window needs at least: inputs of the first layers are made once, and the
    first step of each layer has no state yet to multiply."""
    flags = 2 * 3 * model.hidden * model.hidden
    inner = 2 * flags * ((model.window_steps - 1) * model.layers + model.window_steps * (model.layers - 1))
    return float(inner + 2 * model.window_steps * model.hidden * model.channels_)


def bench_tick(substations: int = 10_000, channels: int = 6, context: int = 3, repeats: int = 3) -> Figures:
    """Score the newest full window of very many substations with weights of their own; compute only."""
    model = untrained(substations, channels, context)
    rng = np.random.default_rng(0)
    values = rng.normal(size=(substations, model.window_steps, channels))
    known = np.zeros((model.window_steps, context))
    scores, clock = _fastest(lambda: model.score_newest(values, context=known), repeats)
    weights = sum(value.nbytes for value in model.arrays_.values())
    return {
        "substations": substations,
        "window_steps": model.window_steps,
        "scored": int(np.isfinite(scores).sum()),
        "compute_s": clock["wall_s"],
        "compute_cpu_s": clock["cpu_s"],
        "us_each": 1e6 * clock["wall_s"] / substations,
        "weights_mb": weights / 1e6,
        "peak_memory_mb": peak_memory_mb(),
        **_models_one_by_one(model, values, known, clock["wall_s"]),
    }


def _models_one_by_one(
    model: GruAutoencoder, values: npt.NDArray[Any], context: npt.NDArray[Any], engine_s: float
) -> Figures:
    """The customary way: ``predict`` of every substation's own Keras model, for a few of them and multiplied."""
    sample = min(TICK_SAMPLE, len(values))
    try:
        autoencoders = [model.keras_model(number) for number in range(sample)]
    except ImportError:
        return {"loop": "TensorFlow is not installed"}
    frame = as_frame(values[:sample], context, model.only(list(range(sample))).scaler_)
    windows = frame.inputs.transpose(0, 2, 1)[:, None]

    def judge() -> list[Any]:
        return [network.predict(window, verbose=0) for network, window in zip(autoencoders, windows, strict=True)]

    judge()  # each model's first call traces it: that is not counted
    _, clock = _clocked(judge)
    whole_s = clock["wall_s"] / sample * len(values)
    return {"loop_sample": sample, "loop_s_extrapolated": whole_s, "ratio_loop": whole_s / engine_s}


def sgemm_peak_gflops(size: int = 2048, repeats: int = 4) -> float:
    """The best that this machine does in single-precision matrix products with the threads it was given."""
    one = np.random.default_rng(0).random((size, size), dtype=np.float32)
    _, clock = _fastest(lambda: one @ one, repeats)
    return float(2.0 * size**3 / clock["wall_s"] / 1e9)


def machine() -> Figures:
    """What the figures were measured on."""
    return {
        "cores": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count(),
        "threads": os.environ.get("OMP_NUM_THREADS", "not limited"),
        "blas_kernel": os.environ.get("OPENBLAS_CORETYPE", "chosen by the library"),
        "sgemm_peak_gflops": sgemm_peak_gflops(),
    }


def peak_memory_mb() -> float:
    """Largest resident memory of this process so far."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024.0


def _clocked(run: Callable[[], Any]) -> tuple[Any, dict[str, float]]:
    cpu, wall = time.process_time(), time.perf_counter()
    result = run()
    return result, {"cpu_s": time.process_time() - cpu, "wall_s": time.perf_counter() - wall}


def _by_turns(*runs: Callable[[], Any], rounds: int = 4) -> list[tuple[Any, dict[str, float]]]:
    """The fastest of each, measured by turns: what else the machine does then falls on all alike."""
    found = [[_clocked(run) for run in runs] for _ in range(rounds)]
    return [min(each, key=lambda one: one[1]["wall_s"]) for each in zip(*found, strict=True)]


def _fastest(run: Callable[[], Any], repeats: int) -> tuple[Any, dict[str, float]]:
    found = [_clocked(run) for _ in range(repeats)]
    return min(found, key=lambda each: each[1]["wall_s"])
