//! The idx reader: no panic, and what is taken has the size that it says.
#![no_main]

use std::path::Path;

use bioprop::data::{parse_images, parse_labels};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let path = Path::new("some-idx3-ubyte");
    match parse_images(bytes, path) {
        Ok(images) => assert_eq!(images.pixels.len(), images.count * images.rows as usize * images.cols as usize),
        Err(e) => assert!(e.to_string().contains("some-idx3-ubyte")),
    }
    match parse_labels(bytes, path) {
        Ok(labels) => assert!(labels.iter().all(|l| *l <= 9)),
        Err(e) => assert!(e.to_string().contains("some-idx3-ubyte")),
    }
});
