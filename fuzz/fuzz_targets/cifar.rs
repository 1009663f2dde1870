//! The reader of CIFAR-10's records. The first byte is how many are expected.
#![no_main]

use std::path::Path;

use bioprop::data::parse_records;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let Some((&count, records)) = bytes.split_first() else { return };
    match parse_records(records, Path::new("data_batch_9.bin"), count.into()) {
        Ok(images) => {
            assert_eq!(images.pixels.len(), usize::from(count) * 3072);
            assert!(images.labels.len() == usize::from(count) && images.labels.iter().all(|l| *l <= 9));
        }
        Err(e) => assert!(e.to_string().contains("data_batch_9.bin")),
    }
});
