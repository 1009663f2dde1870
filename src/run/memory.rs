//! How much memory a trial took, where the system tells.

/// Watches the largest resident memory of this process from [`Peak::start`] on.
pub struct Peak(());

impl Peak {
    /// Sets the system's own high-water mark back; `None` where the system has none that can be set back.
    pub fn start() -> Option<Peak> {
        std::fs::write("/proc/self/clear_refs", "5").ok().map(|()| Peak(()))
    }

    /// Bytes at the highest.
    pub fn bytes(self) -> Option<u64> {
        status("VmHWM:")
    }
}

/// A line of `/proc/self/status`, in bytes.
fn status(name: &str) -> Option<u64> {
    let text = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = text.lines().find_map(|l| l.strip_prefix(name))?;
    line.trim().strip_suffix("kB")?.trim().parse::<u64>().ok().map(|kib| kib * 1024)
}

#[cfg(test)]
mod tests {
    #[test]
    fn a_large_buffer_shows() {
        let Some(peak) = super::Peak::start() else { return };
        let buffer = std::hint::black_box(vec![1u8; 64 << 20]);
        let bytes = peak.bytes().unwrap();
        assert!(bytes > (64 << 20), "{bytes}");
        drop(buffer);
    }
}
