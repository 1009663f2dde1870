#!/usr/bin/env python3
"""Re-computes a trace of `report trace` step by step from its written states, in NumPy and float64.

    python3 tests/check_trace.py TRACE.npz [...]

Each step starts from the written state, so errors do not add up. Tolerances: signals within 1e-5 of their largest
entry, and 2^-24 sqrt(n) sum|W||x| for the rounding of a chain of n additions in f32 (literal binary feedback makes weights
of 10 and partial sums of 1000 within a step: their rounding is larger than 1e-5 after a tanh or a softmax); each new
weight within 1e-5 max|dW| + 2^-22 max|W|. (Under RMSprop a tiny gradient over a tiny mean square carries
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


def norm(m):
    return np.sqrt((m**2).sum())


def check(path):
    z = np.load(path)
    config = json.loads(bytes(z["config_json"]).decode())
    a = {k: z[k].astype(np.float64) for k in z.files if k != "config_json"}
    depth = max(int(k[1:].split("_")[0]) for k in a if k.startswith("W"))
    steps = max(int(k.split("_")[1]) for k in a if k.startswith("W1_"))
    tanh, rms = [None] + [name == "tanh" for name in config["activations"]], "vW1_0" in a
    rate, rule, options = config["learning_rate"], config["rule"], config["options"]
    hidden_rate, eta_b = config.get("hidden_rate"), config.get("eta_b")
    local, kind = options.get("local"), options.get("feedback", "")
    reading, trained = options.get("reading"), options.get("train")
    learns = kind in ("hebb", "oja", "oja-subspace", "oja-g1", "kolen-pollack")
    for t in range(steps):
        W = [None] + [a[f"W{l}_{t}"] for l in range(1, depth + 1)]
        b = [None] + [a[f"b{l}_{t}"] for l in range(1, depth + 1)]
        x, y = a[f"x_{t}"], a[f"y_{t}"].astype(int)
        h, n = [x], len(y)
        # what each layer sees, less the centre where the rule centres
        mu = [a.get(f"mu{l}_{t}", np.zeros(W[l + 1].shape[1])) for l in range(depth)]
        seen = [None]
        for l in range(1, depth + 1):
            seen.append(h[-1] - mu[l - 1])
            pre = seen[l] @ W[l].T + b[l]
            if l < depth:
                out = np.tanh(pre) if tanh[l] else np.maximum(pre, 0)
            elif config["loss"].startswith("softmax"):
                e = np.exp(pre - pre.max(1, keepdims=True))
                out = e / e.sum(1, keepdims=True)
            else:
                out = 1 / (1 + np.exp(-pre))
            got = a[f"h{l}_{t}"] if l < depth else a[f"yhat_{t}"]
            rounding = 2.0**-24 * np.sqrt(W[l].shape[1]) * (np.abs(seen[l]) @ np.abs(W[l]).T + np.abs(b[l]))
            close(f"h{l}_{t}", got, out, 1e-5 * np.abs(out).max() + rounding)
            h.append(got)
        target = np.eye(h[depth].shape[1])[y]
        delta = [None] * (depth + 1)
        delta[depth] = h[depth] - target
        taught = rule not in ("frozen", "growth", "hebbnet") and trained != "output"
        for l in range(depth, 0, -1):
            if l < depth:
                if not taught:
                    assert f"delta{l}_{t}" not in a, f"delta{l}_{t}: this rule teaches no hidden layer"
                    continue
                B = a[f"B{l}_{t}"] if rule in ("fa", "dfa", "drtp") else W[l + 1]
                source = {"dfa": delta[depth], "drtp": target}.get(rule, delta[l + 1])
                slope = 1 - h[l] ** 2 if tanh[l] else h[l] > 0
                if rule == "hd" and reading != "k":
                    slope = 1
                delta[l] = (source @ B) * slope
                rounding = 2.0**-24 * np.sqrt(B.shape[0]) * (np.abs(source) @ np.abs(B)) * np.abs(slope)
            else:
                rounding = 0
            close(f"delta{l}_{t}", a[f"delta{l}_{t}"], delta[l], 1e-5 * np.abs(delta[l]).max() + rounding)
            delta[l] = a[f"delta{l}_{t}"]
        if kind.endswith(("sign", "sign-top")):
            product = None
            for l in range(depth - 1, depth - 2 if kind.endswith("top") else 0, -1):
                product = W[l + 1] if rule == "fa" or product is None else product @ W[l + 1]
                sure = np.abs(product) > 1e-6 * np.abs(product).max()
                assert np.all((np.sign(a[f"B{l}_{t}"]) == np.sign(product))[sure]), f"signs of B{l}_{t}"
        moved = [None] * (depth + 1)
        for l in range(1, depth + 1):
            frozen = {"frozen": l < depth, "growth": l == depth}.get(rule, False)
            frozen |= rule == "hd" and (trained == "output" and l < depth or trained == "hidden" and l == depth)
            is_local = rule in ("hebbnet", "growth") and l < depth
            own, squares = h[l], (h[l] ** 2).mean(0)[:, None]
            grad = dW = None  # gradient (through the optimiser) and what is added as it is
            kept = W[l]
            if frozen:
                pass
            elif is_local:
                pre = seen[l] - own @ W[l] if local == "oja-subspace" else seen[l]
                G = own.T @ pre / n
                dW = G.copy()
                if f"theta{l}_{t}" in a:
                    theta = a[f"theta{l}_{t}"]
                    dW -= theta
                    mean = (theta * t + G) / (t + 1)
                    slack = 1e-5 * np.abs(mean - theta).max() + 2.0**-22 * np.abs(mean).max()
                    close(f"theta{l}_{t + 1}", a[f"theta{l}_{t + 1}"], mean, slack)
                if local == "oja":
                    dW -= squares * W[l]
                if f"mask{l}_{t}" in a:
                    mask = a[f"mask{l}_{t}"] > 0
                    if options["mask"] == "top":
                        assert mask.sum() >= np.ceil(0.3 * mask.size), f"mask{l}_{t}: too few"
                        least, most = np.abs(dW)[mask].min(), np.abs(dW)[~mask].max()
                        assert least >= most * (1 - 1e-5) - 1e-9, f"mask{l}_{t}: {least} {most}"
                    else:
                        sigma = np.sqrt(0.21 * mask.size)
                        assert abs(mask.sum() - 0.3 * mask.size) < 5 * sigma, f"mask{l}_{t}: {mask.mean()}"
                    dW = np.where(mask, dW, 0)
                dW *= hidden_rate * (-1 if options.get("sign") == "minus" else 1)
            else:
                grad = delta[l].T @ seen[l] / n
                if rule == "sum":
                    add = own.T @ seen[l] / n - (squares * W[l] if local == "oja" else 0)
                    grad += (1 if options["sign"] == "literal" else -1) * float(options["beta"]) * add
                if reading in ("o1", "o2"):
                    d = delta[l] * own if reading == "o2" else delta[l]
                    grad = d.T @ seen[l] / n - (d * own).mean(0)[:, None] * W[l]
                mirrored = rule == "fa" and l > 1 or rule == "dfa" and l == depth
                if kind == "kolen-pollack" and mirrored:
                    kept = (1 - float(options["decay"])) * W[l]
            grad_b = None if frozen or is_local else delta[l].mean(0)
            moved[l] = W[l]
            for name, g, state, start, extra in (("W", grad, W[l], kept, dW), ("b", grad_b, b[l], b[l], None)):
                slack = 0
                if g is None:
                    step = extra if extra is not None else np.zeros_like(state)
                elif rms:
                    v = 0.99 * a[f"v{name}{l}_{t}"] + 0.01 * g**2
                    close(f"v{name}{l}_{t + 1}", a[f"v{name}{l}_{t + 1}"], v, 1e-5 * v.max())
                    step = -rate * g / (np.sqrt(v) + 1e-8)
                    slack = np.minimum(rate * 1e-6 * np.abs(g).max() / (np.sqrt(v) + 1e-8), 20 * rate)
                else:
                    step = -rate * g
                new = start + step
                if name == "b" and f"mu{l - 1}_{t}" in a and l > 1:
                    # a running centre moves, and the bias takes the difference with the new weights
                    old, later = a[f"mu{l - 1}_{t}"], a[f"mu{l - 1}_{t + 1}"]
                    moves = options.get("centre") == "running" and trained == "full"
                    moves |= options.get("centre") == "running" and trained == "hidden" and l < depth
                    want = 0.99 * old + 0.01 * h[l - 1].mean(0) if moves else old
                    close(f"mu{l - 1}_{t + 1}", later, want, 1e-5 * np.abs(want - old).max() + 2.0**-22 * np.abs(old).max())
                    new = new + moved[l] @ (want - old)
                change = np.abs(new - state).max()
                tolerance = 1e-5 * change + 2.0**-22 * np.abs(state).max() + slack
                got = a[f"{name}{l}_{t + 1}"]
                close(f"{name}{l}_{t + 1}", got, new, tolerance)
                if frozen:
                    assert np.array_equal(got, state), f"{name}{l}_{t + 1}: a frozen layer moved"
                if name == "W":
                    moved[l] = got
        for l in range(1, depth if learns else 0):
            B, above = a[f"B_state{l}_{t}"], depth if rule == "dfa" else l + 1
            assert np.array_equal(B, a[f"B{l}_{t}"]), f"B{l}_{t} is not the state"
            post = h[above]
            if kind == "kolen-pollack":
                new = (1 - float(options["decay"])) * B - rate * delta[above].T @ h[l] / n
            elif kind == "oja-subspace":
                new = B + eta_b * post.T @ (h[l] - post @ B) / n
            else:
                new = B + eta_b * post.T @ h[l] / n
                if kind.startswith("oja"):
                    new = new - eta_b * (post**2).mean(0)[:, None] * B
            if options.get("renormalise") == "yes":
                new *= norm(a[f"B_state{l}_0"]) / norm(new)
            tolerance = 1e-5 * np.abs(new - B).max() + 2.0**-22 * np.abs(B).max()
            close(f"B_state{l}_{t + 1}", a[f"B_state{l}_{t + 1}"], new, tolerance)
    print(f"{path}: {config['cell']}, {steps} steps re-computed")


if __name__ == "__main__":
    for path in sys.argv[1:] or sys.exit(__doc__):
        check(path)
