#!/usr/bin/env python3
"""Shows that `run.py` notices what is broken, with the real kernel: each notebook here has one flaw. No library needed."""
import contextlib
import io
import os
import pathlib
import queue
import tempfile
import unittest

import nbformat.v4 as v4
import nbformat

import run

HTML = 'println!("EVCXR_BEGIN_CONTENT text/html\\n{}\\nEVCXR_END_CONTENT", %s);'


def attempt(*cells, tags=(), **options):
    """Executes a notebook of these cells, the last one with these tags: whether it passed, and what was said."""
    code = [v4.new_code_cell(c) for c in cells]
    code[-1].metadata["tags"] = list(tags)
    with tempfile.TemporaryDirectory() as folder, contextlib.redirect_stdout(io.StringIO()) as said:
        path = pathlib.Path(folder) / "attempt.ipynb"
        nbformat.write(v4.new_notebook(cells=code), path)
        passed = run.execute(path, **{"compare": False, **options})
        return passed, said.getvalue(), nbformat.read(path, 4)


class Run(unittest.TestCase):
    def refused(self, words, *cells, **options):
        passed, said, _ = attempt(*cells, **options)
        self.assertFalse(passed, said)
        self.assertIn(words, said)

    def test_what_is_well_passes_and_is_saved(self):
        table = HTML % '"<table><tr><td>1</td></tr></table>"'
        passed, said, notebook = attempt("let a: i32 = 1;", 'println!("{a}");', table, tags=["table"], write=True)
        self.assertTrue(passed, said)
        self.assertEqual(notebook.metadata["outputs_of"], run.code_hash(notebook))
        self.assertEqual([notebook.cells[0].outputs, notebook.cells[1].outputs[0].text], [[], "1\n"])

    def test_what_is_broken_is_noticed(self):
        self.refused("mismatched types", 'let a: i32 = "one";')
        self.refused("panicked at", 'panic!("at the disco");')
        self.refused("assertion", "assert_eq!(1, 2);")
        self.refused("invalid digit", 'let n: i32 = "one".parse::<i32>()?;')
        self.refused("code cell 2", "let a: i32 = 1;", "std::process::abort();")

    def test_a_cell_must_run_to_its_end(self):
        class Late:
            """A kernel whose error text does not come in time."""

            def execute_cell(self, cell, _index):
                cell.outputs = []

            class kc:
                async def get_iopub_msg(timeout):
                    raise queue.Empty

        cell = v4.new_code_cell("attempt()?;")
        self.assertFalse(run.run_cell(Late(), cell, 0))
        self.assertEqual(cell.source, "attempt()?;")

    def test_promises_are_kept(self):
        self.refused("promised table", 'println!("a table");', tags=["table"])
        self.refused("promised picture", HTML % '"<p>a picture</p>"', tags=["picture"])
        self.refused("no such promise", 'println!("1");', tags=["tabel"])
        self.refused("promised text", "let a: i32 = 1;", tags=["text"])

    def test_outputs_must_be_the_committed_ones(self):
        self.refused("not the committed ones", 'println!("1");', compare=True)

    def test_slow_cells_are_refused(self):
        sleep = "std::thread::sleep(std::time::Duration::from_millis(1200));"
        self.refused("1 s are allowed", "let a: i32 = 1;", sleep, limit=1)


if __name__ == "__main__":
    os.environ["RUST_BACKTRACE"] = "0"
    unittest.main()
