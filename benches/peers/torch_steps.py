"""Whole training steps of the same networks in PyTorch, on one thread: gather the batch, forward, backward, update.

Each rule in two ways:
  usual     gradients, then torch.optim.SGD: nn.Linear and loss.backward() for backpropagation; FA and DFA, which
            autograd does not know, compute theirs with mm
  by hand   addmm, mm and in-place addmm_ into the weights: no gradient is stored
  oneDNN    by hand, its f32 products by oneDNN's operator instead of MKL's: not a public function, but MKL leaves
            AVX-512 unused on AMD, and then this is the fastest eager PyTorch
`compiled` runs the second under torch.compile.

    python torch_steps.py [--quick] [--bf16]      prints the table of `cargo bench`
    python torch_steps.py --sweep                 the best way to run a sweep on all cores
"""

import argparse
import os
import time

os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("MKL_NUM_THREADS", "1")

import torch
import torch.nn.functional as F

NETWORKS = {
    "784-2000-10": [784, 2000, 10],
    "784-800-800-10": [784, 800, 800, 10],
    "3072-2000-10": [3072, 2000, 10],
    "3072-800-800-10": [3072, 800, 800, 10],
}
IMAGES = 6000
RATE = 0.01


BY_HAND = ("by hand", "oneDNN")


def pin():
    torch.set_num_threads(1)


def onednn(a, b, bias=None, then="none"):
    """a b' + bias, in f32"""
    return torch.ops.mkldnn._linear_pointwise(a, b, bias, then, [], "")


def operations(sizes, rule):
    """Counted operations a sample: products of the forward pass, the weight gradients, the deltas below the top."""
    forward = sum(a * b for a, b in zip(sizes, sizes[1:]))
    carried = sum(sizes[l] * (sizes[-1] if rule == "dfa" else sizes[l + 1]) for l in range(1, len(sizes) - 1))
    return 2.0 * (2 * forward + carried)


def images(inputs, seed=7):
    g = torch.Generator().manual_seed(seed)
    labels = torch.arange(IMAGES) % 10
    x = torch.rand(10, inputs, generator=g)[labels] * 0.8 + torch.rand(IMAGES, inputs, generator=g) * 0.2
    return (x - 0.5) / 0.3, labels, torch.randperm(IMAGES, generator=g)


class Autograd:
    """Backpropagation as PyTorch's users write it."""

    def __init__(self, sizes, bf16):
        layers = []
        for a, b in zip(sizes, sizes[1:]):
            layers += [torch.nn.Linear(a, b), torch.nn.ReLU()]
        self.net = torch.nn.Sequential(*layers[:-1])
        self.optimiser = torch.optim.SGD(self.net.parameters(), lr=RATE, foreach=True)
        self.bf16 = bf16

    def step(self, x, y):
        self.optimiser.zero_grad(set_to_none=True)
        with torch.autocast("cpu", dtype=torch.bfloat16, enabled=self.bf16):
            out = self.net(x)
        F.cross_entropy(out.float(), y).backward()
        self.optimiser.step()


class Stored:
    """FA and DFA with gradients in .grad and an optimiser, as their published code has it."""

    def __init__(self, sizes, rule, bf16):
        self.inner = ByHand(sizes, rule, bf16)
        params = [torch.nn.Parameter(p) for p in self.inner.w + self.inner.b]
        self.w, self.b = params[:len(self.inner.w)], params[len(self.inner.w):]
        self.inner.w, self.inner.b = [p.data for p in self.w], [p.data for p in self.b]
        self.inner.update = self.keep
        self.optimiser = torch.optim.SGD(params, lr=RATE, foreach=True)

    def keep(self, l, delta, h, n):
        self.w[l].grad = delta.t().mm(h).float().div_(n)
        self.b[l].grad = delta.float().sum(0).div_(n)

    def step(self, x, y):
        self.inner.plain(x, y)
        self.optimiser.step()


class ByHand:
    """Any of the three rules, without autograd; bf16 as autocast does it: weights and signals cast before products."""

    def __init__(self, sizes, rule, bf16, compiled=False):
        bound = [a ** -0.5 for a in sizes]
        self.w = [torch.empty(b, a).uniform_(-k, k) for a, b, k in zip(sizes, sizes[1:], bound)]
        self.b = [torch.empty(b).uniform_(-k, k) for b, k in zip(sizes[1:], bound)]
        self.rule = rule
        self.bf16 = bf16
        top = len(self.w)
        shape = lambda l: (sizes[-1] if rule == "dfa" else sizes[l + 1], sizes[l])
        self.feedback = [None] + [torch.randn(shape(l)) / sizes[l] ** 0.5 for l in range(1, top)]
        self.run = torch.compile(self.plain) if compiled else self.plain

    @torch.no_grad()
    def plain(self, x, y):
        cast = (lambda t: t.bfloat16()) if self.bf16 else (lambda t: t)
        top, n = len(self.w), len(x)
        weights = [cast(w) for w in self.w]
        h = [cast(x)]
        for l in range(top):
            h.append(self.layer(h[l], weights[l], cast(self.b[l]), l == top - 1))
        error = torch.softmax(h[top].float(), 1)
        error[torch.arange(n), y] -= 1.0
        delta = cast(error)
        error = delta
        for l in range(top, 0, -1):
            below = None
            if l > 1:
                source = error if self.rule == "dfa" else delta
                below = self.carry(source, weights[l - 1] if self.rule == "bp" else cast(self.feedback[l - 1]))
                below.mul_(h[l - 1] > 0)
            self.update(l - 1, delta, h[l - 1], n)
            delta = below

    def layer(self, h, w, b, top):
        a = torch.addmm(b, h, w.t())
        return a if top else a.relu_()

    def carry(self, source, matrix):
        return source.mm(matrix)

    def update(self, l, delta, h, n):
        if self.bf16:
            self.w[l].add_(delta.t().mm(h), alpha=-RATE / n)
        else:
            self.w[l].addmm_(delta.t(), h, alpha=-RATE / n)
        self.b[l].add_(delta.float().sum(0), alpha=-RATE / n)

    def step(self, x, y):
        self.run(x, y)


class OneDnn(ByHand):
    """By hand in f32; products with the ten outputs are too small for oneDNN's and stay MKL's."""

    def layer(self, h, w, b, top):
        return onednn(h, w, b, "none" if top else "relu")

    def carry(self, source, matrix):
        return super().carry(source, matrix) if len(matrix) == 10 else onednn(source, matrix.t())

    def update(self, l, delta, h, n):
        if delta.shape[1] == 10:
            return super().update(l, delta, h, n)
        self.w[l].add_(onednn(delta.t(), h.t()), alpha=-RATE / n)
        self.b[l].add_(delta.sum(0), alpha=-RATE / n)


def variants(network, rule, precision):
    sizes, bf16 = NETWORKS[network], precision == "bf16"
    usual = Autograd(sizes, bf16) if rule == "bp" else Stored(sizes, rule, bf16)
    ways = {"usual": usual, "by hand": ByHand(sizes, rule, bf16)}
    return ways if bf16 else ways | {"oneDNN": OneDnn(sizes, rule, False)}


class Bench:
    def __init__(self, network, batch, rule, precision, extra=None):
        self.batch = batch
        self.x, self.y, self.order = images(NETWORKS[network][0])
        self.at = 0
        self.variants = variants(network, rule, precision) if extra is None else extra

    def samples_per_s(self, name, seconds):
        net, steps, started = self.variants[name], 0, time.perf_counter()
        while time.perf_counter() - started < seconds:
            for _ in range(4):
                if self.at + self.batch > IMAGES:
                    self.at = 0
                rows = self.order[self.at:self.at + self.batch]
                self.at += self.batch
                net.step(self.x[rows], self.y[rows])
            steps += 4
        return steps * self.batch / (time.perf_counter() - started)


def limit(network, batch, seconds=0.02):
    """Best rate of torch.mm or of oneDNN's product over the step's own products (f32), operations a second."""
    best = 0.0
    for a, b in zip(NETWORKS[network], NETWORKS[network][1:]):
        w, h, d = torch.randn(b, a), torch.randn(batch, a), torch.randn(batch, b)
        ga, gw, gd = torch.empty(batch, b), torch.empty(b, a), torch.empty(batch, a)
        products = [lambda p=p, q=q, out=out: torch.mm(p, q, out=out)
                    for p, q, out in ((h, w.t(), ga), (d.t(), h, gw), (d, w, gd))]
        products += [lambda: onednn(h, w), lambda: onednn(d.t(), h.t())]
        for product in products:
            product()
            for _ in range(2):
                started, times = time.perf_counter(), 0
                while time.perf_counter() - started < seconds:
                    product()
                    times += 1
                best = max(best, 2.0 * a * b * batch * times / (time.perf_counter() - started))
    return best


def sweep(seconds=3.0, network="784-2000-10", batch=64):
    """Four trials of backpropagation that differ in seed and rate, on all cores, each way that PyTorch offers."""
    import torch.multiprocessing
    from torch.func import functional_call, grad, stack_module_state, vmap

    cores = os.cpu_count()
    print(f"a sweep on {cores} cores, {network}, batch {batch}, backpropagation: samples/s of all trials together")

    def timed(step, samples):
        for _ in range(5):
            step()
        started, steps = time.perf_counter(), 0
        while time.perf_counter() - started < seconds:
            step()
            steps += 1
        return samples * steps / (time.perf_counter() - started)

    mp = torch.multiprocessing.get_context("spawn")
    for name in ("usual", *BY_HAND):
        barrier, queue = mp.Barrier(cores), mp.Queue()
        workers = [mp.Process(target=_worker, args=(network, batch, name, seconds, barrier, queue))
                   for _ in range(cores)]
        [w.start() for w in workers]
        total = sum(queue.get() for _ in workers)
        [w.join() for w in workers]
        print(f"one process a core, {name}: {total:.0f}", flush=True)
    sizes = NETWORKS[network]
    x, y, order = images(sizes[0])
    torch.set_num_threads(cores)

    def batches():
        at = 0
        while True:
            at = 0 if at + batch > IMAGES else at
            yield x[order[at:at + batch]], y[order[at:at + batch]]
            at += batch

    some = batches()
    for name, net in (("usual", Autograd(sizes, False)), ("by hand", ByHand(sizes, "bp", False)),
                      ("oneDNN", OneDnn(sizes, "bp", False))):
        print(f"one trial after the other, all cores in each product, {name}: "
              f"{timed(lambda: net.step(*next(some)), batch):.0f}", flush=True)
    try:
        net = ByHand(sizes, "bp", False, compiled=True)
        print(f"the same under torch.compile, by hand: "
              f"{timed(lambda: net.step(*next(some)), batch):.0f}", flush=True)
    except Exception as e:
        print(f"torch.compile: not here ({type(e).__name__})")
    nets = [Autograd(sizes, False).net for _ in range(4)]
    params, _ = stack_module_state(nets)
    params = {k: v.detach() for k, v in params.items()}
    loss = lambda p, x, y: F.cross_entropy(functional_call(nets[0], p, (x,)), y)
    grads = vmap(grad(loss))

    def step():
        rows = order[:4 * batch]
        g = grads(params, x[rows].view(4, batch, -1), y[rows].view(4, batch))
        for k in params:
            params[k].add_(g[k], alpha=-RATE)

    print(f"four trials stacked by torch.func.vmap: {timed(step, 4 * batch):.0f}", flush=True)


def _worker(network, batch, name, seconds, barrier, queue):
    pin()
    bench = Bench(network, batch, "bp", "f32")
    bench.samples_per_s(name, 0.3)
    barrier.wait()
    queue.put(bench.samples_per_s(name, seconds))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--bf16", action="store_true")
    parser.add_argument("--compiled", action="store_true", help="add torch.compile (each case compiles for a while)")
    parser.add_argument("--sweep", action="store_true")
    args = parser.parse_args()
    if args.sweep:
        return sweep()
    pin()
    seconds, turns = (0.12, 3) if args.quick else (0.4, 5)
    print(f"PyTorch {torch.__version__}, {torch.backends.cpu.get_cpu_capability()}, one thread")
    print(f"{'network':<16} {'batch':>5} {'rule':<4} {'':<5} {'samples/s':>10} {'GFLOP/s':>8} {'limit':>9} {'share':>6}  way")
    for precision in ["f32"] + ["bf16"] * args.bf16:
        for network, sizes in NETWORKS.items():
            for batch in (64, 128):
                for rule in ("bp", "fa", "dfa"):
                    bench = Bench(network, batch, rule, precision)
                    if args.compiled:
                        bench.variants["compiled"] = ByHand(sizes, rule, precision == "bf16", compiled=True)
                    top = limit(network, batch)
                    for way in bench.variants:
                        bench.samples_per_s(way, seconds / 4)
                        best = max(bench.samples_per_s(way, seconds) for _ in range(turns))
                        flops = best * operations(sizes, rule)
                        print(f"{network:<16} {batch:>5} {rule:<4} {precision:<5} {best:>10.0f} {flops / 1e9:>8.1f} "
                              f"{top / 1e9:>9.1f} {100 * flops / top:>5.0f}%  {way}", flush=True)


if __name__ == "__main__":
    main()
