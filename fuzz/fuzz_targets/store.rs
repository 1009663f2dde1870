//! Files of the store: bytes as they are, and the same behind a right header, which a fuzzer cannot guess.
#![no_main]

use bioprop::run::StoredTrial;
use libfuzzer_sys::fuzz_target;
use sha2::{Digest, Sha256};

fuzz_target!(|bytes: &[u8]| {
    assert!(StoredTrial::from_bytes(bytes, "no key").is_err());
    let mut whole = format!("bioprop-trial 1 {}\n", hex::encode(Sha256::digest(bytes))).into_bytes();
    whole.extend_from_slice(bytes);
    assert!(StoredTrial::from_bytes(&whole, "no key").is_err(), "its key is 32 hexadecimal digits");
});
