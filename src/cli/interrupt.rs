//! Ctrl-C and its relatives: stop training, keep what is finished.

use std::sync::Once;
use std::sync::atomic::{AtomicBool, Ordering};

static CANCEL: AtomicBool = AtomicBool::new(false);
static TRAINING: AtomicBool = AtomicBool::new(false);

/// Whether the user wants to stop.
pub fn flag() -> &'static AtomicBool {
    &CANCEL
}

/// Ctrl-C stops training between two steps while the guard lives; otherwise, and at the second Ctrl-C, the program
/// ends at once. Either is safe: files appear whole or not at all.
pub fn guard() -> Guard {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let installed = ctrlc::set_handler(|| {
            let again = CANCEL.swap(true, Ordering::SeqCst);
            if again || !TRAINING.load(Ordering::SeqCst) {
                std::process::exit(130);
            }
        });
        if let Err(e) = installed {
            eprintln!("note: Ctrl-C will stop at once ({e}); finished trials are kept all the same");
        }
    });
    TRAINING.store(true, Ordering::SeqCst);
    Guard(())
}

/// Training goes on while this lives.
pub struct Guard(());

impl Drop for Guard {
    fn drop(&mut self) {
        TRAINING.store(false, Ordering::SeqCst);
    }
}
