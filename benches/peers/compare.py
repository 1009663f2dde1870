"""Runs our steps (`steps --serve`) and PyTorch's in turn, pair by pair, on one pinned core. See ../compare."""

import argparse
import csv
import glob
import os
import subprocess
import sys
import time

core = max(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else None
if core is not None:
    os.sched_setaffinity(0, {core})  # our process inherits it; the two take turns, one waits while the other works

import torch_steps  # sets the thread variables before torch starts
import torch

COLUMNS = ["network", "batch", "rule", "precision", "ours_samples_per_s", "peer_samples_per_s", "ratio", "share_of_limit"]


class Ours:
    def __init__(self):
        built = [p for p in glob.glob("target/debug/deps/steps-*") if os.access(p, os.X_OK) and not p.endswith(".d")]
        program = max(built, key=os.path.getmtime)
        self.process = subprocess.Popen([program, "--serve"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def ask(self, *words):
        print(*words, file=self.process.stdin, flush=True)
        return self.process.stdout.readline().strip()


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="ends within two minutes")
    parser.add_argument("--precision", help="only f32 or bf16 [default: what this machine has]")
    parser.add_argument("--out", default="target/bench")
    args = parser.parse_args()
    seconds, turns = (0.08, 3) if args.quick else (0.4, 7)
    torch_steps.pin()
    ours = Ours()
    started = time.time()
    os.makedirs(args.out, exist_ok=True)
    tables = {way: [] for way in ("usual", "by hand")}
    print(f"PyTorch {torch.__version__} ({torch.backends.cpu.get_cpu_capability()}), one pinned thread each, in turn")
    wanted = [args.precision] if args.precision else ours.ask("precisions").split()
    print("ours: " + ", ".join(f"{p} on {ours.ask('kernels', p)}" for p in wanted))
    print(f"{'network':<16} {'batch':>5} {'rule':<4} {'':<5} {'ours':>8} {'usual':>8} {'ratio':>6} {'by hand':>8} "
          f"{'ratio':>6} {'share of limit':>15}  (by hand: the faster of addmm_ and oneDNN)")
    usual_f32 = {}
    for precision in wanted:
        for network, sizes in torch_steps.NETWORKS.items():
            for batch in (64, 128):
                top = 0.0
                for rule in ("bp", "fa", "dfa"):
                    bench = torch_steps.Bench(network, batch, rule, precision)
                    for way in bench.variants:
                        bench.samples_per_s(way, seconds / 4)
                    ours.ask(network, batch, rule, precision, 0.02)
                    mine, theirs = 0.0, dict.fromkeys(tables, 0.0)
                    for _ in range(turns):
                        mine = max(mine, float(ours.ask(network, batch, rule, precision, seconds)))
                        for way in bench.variants:
                            column = "by hand" if way in torch_steps.BY_HAND else way
                            theirs[column] = max(theirs[column], bench.samples_per_s(way, seconds))
                    top = max(top, torch_steps.limit(network, batch, 0.02))
                    share = mine * torch_steps.operations(sizes, rule) / top
                    for way, rows in tables.items():
                        rows.append([network, batch, rule, precision, f"{mine:.0f}", f"{theirs[way]:.0f}",
                                     f"{mine / theirs[way]:.3f}", f"{share:.3f}"])
                    key = (network, batch, rule)
                    if precision == "f32":
                        usual_f32[key] = theirs["usual"]
                    extra = "" if key not in usual_f32 or precision == "f32" else f"  {mine / usual_f32[key]:.2f} x usual f32"
                    print(f"{network:<16} {batch:>5} {rule:<4} {precision:<5} {mine:>8.0f} {theirs['usual']:>8.0f} "
                          f"{mine / theirs['usual']:>6.2f} {theirs['by hand']:>8.0f} {mine / theirs['by hand']:>6.2f} "
                          f"{100 * share:>14.0f}%{extra}", flush=True)
    for way, rows in tables.items():
        name = "peers.csv" if way == "usual" else "peers_by_hand.csv"
        with open(os.path.join(args.out, name), "w", newline="") as f:
            csv.writer(f, lineterminator="\n").writerows([COLUMNS] + rows)
    ours.process.stdin.close()
    print(f"{time.time() - started:.0f} s; written: {args.out}/peers.csv (against the usual way) and peers_by_hand.csv")


if __name__ == "__main__":
    sys.exit(main())
