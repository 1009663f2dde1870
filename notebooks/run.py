#!/usr/bin/env python3
"""Executes the notebooks in a fresh kernel each, and fails on whatever a reader would call broken.

A panic and a failed `?` reach Jupyter as text on standard error with the reply "ok", and the usual runners pass such
a notebook. This one fails on any error, on any text on standard error, on a promised output that is not there (tags
`table`, `picture`, `text`), on outputs that are not the committed ones, and on a notebook that takes too long.

    run.py                     every notebook beside this file, from a clean state
    run.py tour.ipynb          one
    run.py --write             saves the outputs if all is well
"""
import argparse
import hashlib
import os
import pathlib
import queue
import re
import shutil
import subprocess
import sys
import time

import nbformat
from jupyter_core.utils import run_sync
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionComplete, CellExecutionError, CellTimeoutError, DeadKernelError

HERE = pathlib.Path(__file__).resolve().parent
ANSI = re.compile(r"\x1b\[[0-9;]*m")
PROMISES = {
    "table": [("text/html", "<table")],
    "picture": [("image/svg+xml", "<svg"), ("text/html", "<img")],
    "text": [("text/plain", "")],
}

# printed at the end of what ends in no value: the text of a failed `?` may come too late for its cell
END = "the cell ran to its end"
# seconds for outputs that come after the kernel said that it was done
LATE = 3


def contents(output):
    """The parts of an output by type; what was printed counts as plain text."""
    if output.output_type == "stream":
        return {"text/plain": output.text}
    return {kind: "".join(part) for kind, part in output.get("data", {}).items()}


def wrong(cell):
    """What is wrong with an executed cell, in words; None if nothing."""
    stderr = "".join(o.text for o in cell.outputs if o.output_type == "stream" and o.name == "stderr")
    for o in cell.outputs:
        if o.output_type == "error":
            return ANSI.sub("", f"{o.ename}: {o.evalue}\n" + "\n".join(o.traceback))
    if stderr.strip():
        return ANSI.sub("", stderr)
    parts = [contents(o) for o in cell.outputs]
    for tag in cell.metadata.get("tags", []):
        if tag not in PROMISES:
            return f"no such promise: {tag} (there are {', '.join(PROMISES)})"
        if not any(kind in p and p[kind].strip() and mark in p[kind] for kind, mark in PROMISES[tag] for p in parts):
            return f"the promised {tag} is not there"
    return None


def listen(client, cell, index, missing):
    """Takes what the kernel sends after it said that it was done, for a few seconds, as long as something is missing."""
    until = time.monotonic() + LATE
    while missing() and time.monotonic() < until:
        try:
            message = run_sync(client.kc.get_iopub_msg)(timeout=0.3)
            client.process_message(message, cell, index)
        except (queue.Empty, CellExecutionComplete):
            pass


def run_cell(client, cell, index):
    """Executes a cell. Whether it ran to its end; one that ends in a value shows it, which is a promise."""
    source = cell.source
    marked = source.rstrip().endswith((";", "}"))
    if marked:
        cell.source += f'\nprintln!("{END}");'
    client.execute_cell(cell, index)
    cell.source = source
    said = lambda: any(o.output_type == "stream" and END in o.text for o in cell.outputs)
    listen(client, cell, index, lambda: marked and not said() or (wrong(cell) or "").startswith("the promised"))
    ended = not marked
    for o in cell.outputs:
        if o.output_type == "stream" and o.name == "stdout" and END in o.text:
            ended = True
            o.text = o.text.replace(END + "\n", "")
    cell.outputs = [o for o in cell.outputs if o.output_type != "stream" or o.text]
    return ended


def tidy(cell):
    """Joins neighbouring streams and drops colours, so that equal runs give equal files."""
    out = []
    for o in cell.outputs:
        if o.output_type == "stream":
            o.text = ANSI.sub("", o.text)
            if out and out[-1].output_type == "stream" and out[-1].name == o.name:
                out[-1].text += o.text
                continue
        out.append(o)
    cell.outputs = out


def shown(cell):
    """What a reader sees; PNG is left out, drawn from the SVG beside it."""
    return [{k: v for k, v in contents(o).items() if k != "image/png"} for o in cell.outputs]


def code_hash(notebook):
    """Of all code: outputs belong to the cells above them, too. `cargo test` computes the same."""
    code = "\n".join(c.source for c in notebook.cells if c.cell_type == "code")
    return hashlib.sha256(code.encode()).hexdigest()


def execute(path, limit=0, write=False, compare=True, times=False, timeout=1800):
    notebook = nbformat.read(path, 4)
    nbformat.validate(notebook)
    code = [c for c in notebook.cells if c.cell_type == "code"]
    committed = [shown(c) for c in code]
    for cell in code:
        cell.outputs, cell.execution_count = [], None
    client = NotebookClient(notebook, timeout=timeout, startup_timeout=300, kernel_name="rust", record_timing=False,
                            allow_errors=True, resources={"metadata": {"path": str(path.parent)}})
    took, ended = [], []
    started = time.monotonic()
    try:
        # the kernel's own words are cargo's progress and "no configuration file found"
        with client.setup_kernel(stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL):
            for index, cell in enumerate(notebook.cells):
                if cell.cell_type == "code":
                    began = time.monotonic()
                    ended.append(run_cell(client, cell, index))
                    took.append(time.monotonic() - began)
    except (DeadKernelError, CellExecutionError, CellTimeoutError) as e:
        print(f"FAIL {path.name}, code cell {len(took) + 1}: {type(e).__name__}: {str(e)[:400]}", flush=True)
        return False
    well = True
    for index, cell in enumerate(code):
        tidy(cell)
        # counted from 1, whatever the kernel did before
        cell.execution_count = index + 1
        for o in cell.outputs:
            if "execution_count" in o:
                o.execution_count = index + 1
        message = wrong(cell) or (None if ended[index] else "an error ended it before its end")
        if not message and compare and not write and shown(cell) != committed[index]:
            message = "the outputs are not the committed ones; if they should change: .ci/notebooks --write"
        if message:
            well = False
            lines = message.strip().splitlines()[:14]
            print(f"FAIL {path.name}, code cell {index + 1}: {cell.source.splitlines()[0][:70]}")
            print("    " + "\n    ".join(lines), flush=True)
    # what a reader waits for after the library is built
    work = sum(took[1:])
    if limit and work > limit:
        well = False
        print(f"FAIL {path.name}: its cells took {work:.0f} s after the first one; {limit} s are allowed")
    if write and well:
        notebook.metadata["outputs_of"] = code_hash(notebook)
        nbformat.write(notebook, path)
    print(f"{'ok  ' if well else 'FAIL'} {path.name}: first cell {took[0]:.0f} s, the others {work:.0f} s, "
          f"in all {time.monotonic() - started:.0f} s", flush=True)
    if times:
        print("    " + ", ".join(f"{t:.1f}" for t in took), flush=True)
    return well


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("notebooks", nargs="*", type=pathlib.Path)
    parser.add_argument("--write", action="store_true", help="save the outputs into the notebooks")
    parser.add_argument("--timeout", type=int, default=1800, help="seconds for one cell, the building one included")
    parser.add_argument("--limit", type=int, default=0, help="seconds for all cells but the first; 0: any")
    parser.add_argument("--times", action="store_true", help="print the seconds of each cell")
    args = parser.parse_args()
    # outputs that are the same on every run: no addresses of threads, no times left
    os.environ.update(RUST_BACKTRACE="0", BIOPROP_PROGRESS="off")
    # reports that earlier runs wrote
    shutil.rmtree(HERE / "target/reports", ignore_errors=True)
    paths = [p.resolve() for p in args.notebooks] or sorted(HERE.glob("*.ipynb"))
    results = [execute(p, args.limit, args.write, True, args.times, args.timeout) for p in paths]
    print(f"{sum(results)} passed, {len(results) - sum(results)} failed")
    sys.exit(0 if results and all(results) else 1)


if __name__ == "__main__":
    main()
