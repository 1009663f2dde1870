//! The code of every notebook, which must compile against the library: nothing here is run, and `tests/notebooks.rs`
//! checks that it is what the notebooks hold.

#[allow(dead_code, unused, clippy::all)]
mod cells {
    include!("cells.rs");

    /// What a cell ends in must show itself.
    fn show<T: bioprop::prelude::Show>(_: &T) {}
}
