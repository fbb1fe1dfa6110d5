"""The training graph: many substations at once, the backward pass of the recurrence written by hand.

TensorFlow is imported inside the functions. The graph is traced once per architecture, whatever the number of
substations, windows and rows, and runs a whole stretch of training without coming back to Python.
"""

from __future__ import annotations

import logging
import os
from functools import lru_cache
from typing import Any

from .gru_weights import Architecture

logger = logging.getLogger(__name__)
# Read when TensorFlow is first imported. The sums of oneDNN depend on the processor and the number of threads, and it
# announces itself on stderr; without it training takes about a sixth longer.
os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "0")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

CLIP_NORM = 1.0  # chosen: a gradient that explodes along a window is cut to the length of an ordinary one
# Adam (Kingma and Ba 2015) with its usual decay rates; the epsilon is that of Keras.
MOMENTUM, SQUARES, EPSILON = 0.9, 0.999, 1e-7


def recurrence(projected: Any, recurrent: Any, inner_bias: Any, steps: int) -> Any:
    """States of a GRU layer [substation, window, step, hidden].

    projected: [substation, window, step, 3 hidden], what the input adds to the gates, biases of update and reset
    gate included. recurrent: [substation, hidden, 3 hidden]. inner_bias: [substation, 3 hidden], added inside.
    """
    import tensorflow as tf

    @tf.custom_gradient  # type: ignore[untyped-decorator]  # TensorFlow has no types
    def run(projected: Any, recurrent: Any, inner_bias: Any) -> Any:
        inputs = tf.unstack(projected, num=steps, axis=2)
        state = tf.zeros_like(inputs[0][..., : recurrent.shape[1]])
        saved, states = [], []
        for given in inputs:
            inner = tf.matmul(state, recurrent) + inner_bias[:, None]
            update, reset, candidate = tf.split(given, 3, -1)
            inner_update, inner_reset, inner_candidate = tf.split(inner, 3, -1)
            update, reset = tf.sigmoid(update + inner_update), tf.sigmoid(reset + inner_reset)
            candidate = tf.tanh(candidate + reset * inner_candidate)
            saved.append((state, update, reset, candidate, inner_candidate))
            state = candidate + update * (state - candidate)
            states.append(state)

        def backward(*upstream: Any) -> tuple[Any, Any, Any]:
            wanted = tf.unstack(upstream[0], num=steps, axis=2)
            given, inner = [], []
            change = tf.zeros_like(wanted[0])
            for gradient, (before, update, reset, candidate, inner_candidate) in zip(
                reversed(wanted), reversed(saved), strict=True
            ):
                change += gradient
                kept = 1.0 - update
                to_update = change * (before - candidate) * update * kept
                to_candidate = change * kept * (1.0 - candidate * candidate)
                to_reset = to_candidate * inner_candidate * reset * (1.0 - reset)
                given.append(tf.concat([to_update, to_reset, to_candidate], -1))
                inner.append(tf.concat([to_update, to_reset, to_candidate * reset], -1))
                change = change * update + tf.matmul(inner[-1], recurrent, transpose_b=True)
            # One product over all steps and windows instead of one per step.
            before = tf.concat([each[0] for each in reversed(saved)], axis=1)
            all_inner = tf.concat(inner, axis=1)
            to_recurrent = tf.matmul(before, all_inner, transpose_a=True)
            return tf.stack(given[::-1], axis=2), to_recurrent, tf.reduce_sum(all_inner, axis=1)

        return tf.stack(states, axis=2), backward

    return run(projected, recurrent, inner_bias)


def encode(weights: dict[str, Any], windows: Any, architecture: Architecture) -> Any:
    """Windows [substation, window, step, feature] → the encoder's last states [substation, window, hidden]."""
    states = windows
    for layer in range(architecture.layers):
        states = _layer(weights, f"encoder_{layer}", states, architecture)
    return states[:, :, -1]


def rebuild(weights: dict[str, Any], state: Any, windows: Any, architecture: Architecture) -> Any:
    """Last states [substation, window, hidden] → [substation, window, step, channel]."""
    import tensorflow as tf

    latent = tf.matmul(state, weights["latent_kernel"]) + weights["latent_bias"][:, None]
    repeated = tf.repeat(latent[:, :, None], architecture.window, axis=2)
    known = windows[..., architecture.channels : architecture.channels + architecture.context]
    states = tf.concat([repeated, known], -1)
    for layer in range(architecture.layers):
        states = _layer(weights, f"decoder_{layer}", states, architecture)
    return _dense(states, weights["output_kernel"]) + weights["output_bias"][:, None, None]


def _layer(weights: dict[str, Any], name: str, inputs: Any, architecture: Architecture) -> Any:
    import tensorflow as tf

    bias = weights[f"{name}_bias"]
    projected = _dense(inputs, weights[f"{name}_kernel"]) + bias[:, None, None, 0]
    return recurrence(projected, weights[f"{name}_recurrent"], tf.convert_to_tensor(bias[:, 1]), architecture.window)


def _dense(inputs: Any, kernel: Any) -> Any:
    """[substation, window, step, a] × [substation, a, b] as one product per substation."""
    import tensorflow as tf

    shape = tf.shape(inputs)
    flat = tf.reshape(inputs, [shape[0], shape[1] * shape[2], inputs.shape[-1]])
    return tf.reshape(tf.matmul(flat, kernel), [shape[0], shape[1], shape[2], kernel.shape[-1]])


@lru_cache(maxsize=8)
def training_graph(architecture: Architecture) -> Any:
    """A function (weights, moments, squares, rows, wanted, present, targets, starts, rates) → weights.

    The first three are lists in the order of ``architecture.shapes()``; rows: [substation, time, feature];
    wanted, present: [substation, time, channel]; targets: [substation, time, 1 + cause], 1 where the window that ends
    here is to be rebuilt, then 1 or 0 for each cause, NaN where nobody knows; starts: [batch, substation, window] first
    rows; rates: [batch] step sizes of Adam (Kingma and Ba 2015). The loss is the mean squared error over what is
    present, and the cross entropy of what is known about causes, for each substation by itself.
    """
    import tensorflow as tf

    _use_one_thread()
    shapes = [tf.TensorShape([None, *shape]) for shape in architecture.shapes().values()]

    @tf.function(input_signature=_signature(architecture))  # type: ignore[untyped-decorator]  # TensorFlow has no types
    def train(
        weights: Any,
        moments: Any,
        squares: Any,
        rows: Any,
        wanted: Any,
        present: Any,
        targets: Any,
        starts: Any,
        rates: Any,
    ) -> Any:
        def body(batch: Any, weights: Any, moments: Any, squares: Any) -> Any:
            found = _gradients(weights, (rows, wanted, present), targets, starts[batch], architecture)
            return batch + 1, *_moved(weights, moments, squares, found, rates[batch], batch + 1)

        return tf.while_loop(
            lambda batch, *_: batch < tf.shape(rates)[0],
            body,
            (tf.constant(0), list(weights), list(moments), list(squares)),
            shape_invariants=(tf.TensorShape([]), shapes, shapes, shapes),
        )[1]

    return train


def _use_one_thread() -> None:
    """How a product is cut up depends on the number of threads, and with it the last digits of the model."""
    import tensorflow as tf

    try:
        tf.config.threading.set_intra_op_parallelism_threads(1)
    except RuntimeError:
        if tf.config.threading.get_intra_op_parallelism_threads() != 1:
            logger.info(
                "TensorFlow was in use before: the model may differ in its last digits from that of one thread."
            )


def _signature(architecture: Architecture) -> list[Any]:
    import tensorflow as tf

    weights = [tf.TensorSpec([None, *shape], tf.float32) for shape in architecture.shapes().values()]
    return [
        weights,
        weights,
        weights,
        tf.TensorSpec([None, None, architecture.features], tf.float32),
        tf.TensorSpec([None, None, architecture.channels], tf.float32),
        tf.TensorSpec([None, None, architecture.channels], tf.float32),
        tf.TensorSpec([None, None, 1 + architecture.causes], tf.float32),
        tf.TensorSpec([None, None, None], tf.int32),
        tf.TensorSpec([None], tf.float32),
    ]


def _gradients(
    weights: list[Any], series: tuple[Any, Any, Any], targets: Any, starts: Any, architecture: Architecture
) -> list[Any]:
    """series: rows, what is wanted of them, and what is present, of which the windows at ``starts`` are taken."""
    import tensorflow as tf

    index = starts[..., None] + tf.range(architecture.window)
    windows, wanted, known = (tf.gather(each, index, batch_dims=1) for each in series)
    said = tf.gather(targets, index[..., -1], batch_dims=1)
    known *= said[:, :, None, :1]
    with tf.GradientTape(watch_accessed_variables=False) as tape:
        tape.watch(weights)
        by_name = dict(zip(architecture.shapes(), weights, strict=True))
        state = encode(by_name, windows, architecture)
        decoded = rebuild(by_name, state, windows, architecture)
        error = tf.reduce_sum(known * (wanted - decoded) ** 2, axis=[1, 2, 3])
        loss = error / tf.maximum(tf.reduce_sum(known, axis=[1, 2, 3]), 1.0)
        if architecture.causes:
            loss += _cross_entropy(by_name, state, said[..., 1:])
    return _clipped(tape.gradient(loss, weights))


def _cross_entropy(weights: dict[str, Any], state: Any, wanted: Any) -> Any:
    """[substation] cross entropy of the head, added over the causes, where it is known which is there."""
    import tensorflow as tf

    odds = tf.matmul(state, weights["head_kernel"]) + weights["head_bias"][:, None]
    is_known = tf.math.is_finite(wanted)
    label = tf.where(is_known, wanted, 0.0)
    entropy = tf.where(is_known, tf.nn.sigmoid_cross_entropy_with_logits(labels=label, logits=odds), 0.0)
    windows = tf.reduce_sum(tf.cast(tf.reduce_any(is_known, -1), tf.float32), axis=1)
    return tf.reduce_sum(entropy, axis=[1, 2]) / tf.maximum(windows, 1.0)


def _moved(
    weights: list[Any], moments: list[Any], squares: list[Any], found: list[Any], rate: Any, number: Any
) -> tuple[list[Any], list[Any], list[Any]]:
    """One update of Adam."""
    import tensorflow as tf

    count = tf.cast(number, tf.float32)
    rate = rate * tf.sqrt(1.0 - SQUARES**count) / (1.0 - MOMENTUM**count)
    moments = [MOMENTUM * old + (1.0 - MOMENTUM) * new for old, new in zip(moments, found, strict=True)]
    squares = [SQUARES * old + (1.0 - SQUARES) * new * new for old, new in zip(squares, found, strict=True)]
    steps = zip(weights, moments, squares, strict=True)
    return [each - rate * first / (tf.sqrt(second) + EPSILON) for each, first, second in steps], moments, squares


def _clipped(gradients: list[Any]) -> list[Any]:
    """Gradients of each substation with a norm of at most CLIP_NORM."""
    import tensorflow as tf

    square = tf.add_n([tf.reduce_sum(each * each, axis=list(range(1, each.shape.rank))) for each in gradients])
    factor = tf.minimum(1.0, CLIP_NORM / tf.sqrt(tf.maximum(square, 1e-12)))
    return [each * tf.reshape(factor, [-1] + [1] * (each.shape.rank - 1)) for each in gradients]
