#!/usr/bin/env python3
"""Executes the notebooks in a fresh kernel each, and fails on whatever a reader would call broken.

A panic and a failed `?` reach Jupyter as text on standard error with the reply "ok", and the usual runners pass such
a notebook. This one fails on any error, on any text on standard error, on a promised output that is not there (tags
`html`: a table or a picture in HTML; `picture`: an SVG), and on a notebook that takes longer than it may.

    run.py                     every notebook beside this file, from a clean state
    run.py tour.ipynb          one
    run.py --write             saves the outputs if all is well
"""
import argparse
import os
import pathlib
import re
import sys
import time

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError

HERE = pathlib.Path(__file__).resolve().parent
ANSI = re.compile(r"\x1b\[[0-9;]*m")
PROMISES = {"html": ("text/html", re.compile(r"<table|<img")), "picture": ("image/svg+xml", re.compile(r"<svg"))}


def wrong(cell):
    """What is wrong with an executed cell, in words; None if nothing."""
    stderr = "".join(o.text for o in cell.outputs if o.output_type == "stream" and o.name == "stderr")
    for o in cell.outputs:
        if o.output_type == "error":
            return ANSI.sub("", f"{o.ename}: {o.evalue}\n" + "\n".join(o.traceback))
    if stderr.strip():
        return ANSI.sub("", stderr)
    data = [o.data for o in cell.outputs if "data" in o]
    for tag in cell.metadata.get("tags", []):
        kind, pattern = PROMISES[tag]
        if not any(kind in d and pattern.search("".join(d[kind])) for d in data):
            return f"promised output `{tag}` ({kind}) is not there"
    return None


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


def clean(notebook):
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None


def execute(path, args):
    notebook = nbformat.read(path, 4)
    nbformat.validate(notebook)
    clean(notebook)
    client = NotebookClient(notebook, timeout=args.timeout, startup_timeout=300, kernel_name="rust",
                            record_timing=False, allow_errors=True, resources={"metadata": {"path": str(path.parent)}})
    code = [c for c in notebook.cells if c.cell_type == "code"]
    took = []
    started = time.monotonic()
    try:
        with client.setup_kernel():
            for index, cell in enumerate(notebook.cells):
                if cell.cell_type == "code":
                    began = time.monotonic()
                    client.execute_cell(cell, index)
                    took.append(time.monotonic() - began)
    except (DeadKernelError, CellExecutionError, CellTimeoutError) as e:
        print(f"FAIL {path.name}: {type(e).__name__}: {str(e)[:400]}", flush=True)
        return False
    well = True
    for index, cell in enumerate(code):
        if message := wrong(cell):
            well = False
            lines = message.strip().splitlines()[:14]
            print(f"FAIL {path.name}, code cell {index + 1}: {cell.source.splitlines()[0][:70]}")
            print("    " + "\n    ".join(lines), flush=True)
        tidy(cell)
    # what a reader waits for after the library is built
    work = sum(took[1:])
    if args.limit and work > args.limit:
        well = False
        print(f"FAIL {path.name}: its cells took {work:.0f} s after the first one; {args.limit} s are allowed")
    if args.write and well:
        nbformat.write(notebook, path)
    total = time.monotonic() - started
    print(f"{'ok  ' if well else 'FAIL'} {path.name}: first cell {took[0]:.0f} s, the others {work:.0f} s, in all {total:.0f} s",
          flush=True)
    if args.times:
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
    paths = [p.resolve() for p in args.notebooks] or sorted(HERE.glob("*.ipynb"))
    results = [execute(p, args) for p in paths]
    print(f"{sum(results)} passed, {len(results) - sum(results)} failed")
    sys.exit(0 if results and all(results) else 1)


if __name__ == "__main__":
    main()
