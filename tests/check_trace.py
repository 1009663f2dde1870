#!/usr/bin/env python3
"""Re-computes a trace of `report trace` step by step from its written states, in NumPy and float64.

    python3 tests/check_trace.py TRACE.npz [...]

Each step starts from the written state, so errors do not add up. Tolerances: signals within 1e-5 of their largest
entry; each new weight within 1e-5 max|dW| + 2^-22 max|W|. (Under RMSprop a tiny gradient over a tiny mean square carries
its own rounding: 1e-6 of the largest gradient is propagated through the division.)
"""
import json
import sys

import numpy as np


def close(name, got, want, tolerance):
    worst = np.abs(got - want) - tolerance
    if not np.all(worst <= 0):
        at = np.unravel_index(np.argmax(worst), worst.shape)
        raise SystemExit(f"{name}{list(at)}: {got[at]} instead of {want[at]}")


def check(path):
    z = np.load(path)
    config = json.loads(bytes(z["config_json"]).decode())
    a = {k: z[k].astype(np.float64) for k in z.files if k != "config_json"}
    depth = max(int(k[1:].split("_")[0]) for k in a if k.startswith("W"))
    steps = max(int(k.split("_")[1]) for k in a if k.startswith("W1_"))
    tanh, rms = config["activation"] == "tanh", "vW1_0" in a
    rate, rule = config["learning_rate"], config["rule"]
    for t in range(steps):
        W = [None] + [a[f"W{l}_{t}"] for l in range(1, depth + 1)]
        b = [None] + [a[f"b{l}_{t}"] for l in range(1, depth + 1)]
        h, y = [a[f"x_{t}"]], a[f"y_{t}"].astype(int)
        n = len(y)
        for l in range(1, depth + 1):
            pre = h[-1] @ W[l].T + b[l]
            if l < depth:
                out = np.tanh(pre) if tanh else np.maximum(pre, 0)
            elif config["loss"].startswith("softmax"):
                e = np.exp(pre - pre.max(1, keepdims=True))
                out = e / e.sum(1, keepdims=True)
            else:
                out = 1 / (1 + np.exp(-pre))
            got = a[f"h{l}_{t}"] if l < depth else a[f"yhat_{t}"]
            close(f"h{l}_{t}", got, out, 1e-5 * np.abs(out).max())
            h.append(got)
        delta = [None] * (depth + 1)
        delta[depth] = h[depth] - np.eye(h[depth].shape[1])[y]
        for l in range(depth, 0, -1):
            if l < depth:
                B = W[l + 1] if rule == "bp" else a[f"B{l}_{t}"]
                source = delta[depth] if rule == "dfa" else delta[l + 1]
                slope = 1 - h[l] ** 2 if tanh else h[l] > 0
                delta[l] = (source @ B) * slope
            close(f"delta{l}_{t}", a[f"delta{l}_{t}"], delta[l], 1e-5 * np.abs(delta[l]).max())
            delta[l] = a[f"delta{l}_{t}"]
        options = config["options"].get("feedback", "")
        if options.endswith("sign"):
            product = None
            for l in range(depth - 1, 0, -1):
                product = W[l + 1] if rule == "fa" or product is None else product @ W[l + 1]
                sure = np.abs(product) > 1e-6 * np.abs(product).max()
                assert np.all((np.sign(a[f"B{l}_{t}"]) == np.sign(product))[sure]), f"signs of B{l}_{t}"
        for l in range(1, depth + 1):
            for name, g, state in (("W", delta[l].T @ h[l - 1] / n, W[l]), ("b", delta[l].mean(0), b[l])):
                slack = 0
                if rms:
                    v = 0.99 * a[f"v{name}{l}_{t}"] + 0.01 * g**2
                    close(f"v{name}{l}_{t + 1}", a[f"v{name}{l}_{t + 1}"], v, 1e-5 * v.max())
                    step = -rate * g / (np.sqrt(v) + 1e-8)
                    slack = np.minimum(rate * 1e-6 * np.abs(g).max() / (np.sqrt(v) + 1e-8), 20 * rate)
                else:
                    step = -rate * g
                tolerance = 1e-5 * np.abs(step).max() + 2.0**-22 * np.abs(state).max() + slack
                close(f"{name}{l}_{t + 1}", a[f"{name}{l}_{t + 1}"], state + step, tolerance)
    print(f"{path}: {config['cell']}, {steps} steps re-computed")


if __name__ == "__main__":
    for path in sys.argv[1:] or sys.exit(__doc__):
        check(path)
