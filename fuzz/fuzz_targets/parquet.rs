//! The Parquet reader: a panic of the library is an error of ours, so what is looked for here is memory and time
//! (`-rss_limit_mb`, `-timeout`) and what gets past the checks of columns.
#![no_main]

use bioprop::stats::{parse_parquet, summarise};
use libfuzzer_sys::fuzz_target;

fuzz_target!(init: {
    // libfuzzer's own hook ends the process even where a panic is caught
    std::panic::set_hook(Box::new(|_| {}));
}, |bytes: &[u8]| {
    if let Ok(frame) = parse_parquet(bytes.to_vec()) {
        let _ = summarise(&frame);
    }
});
