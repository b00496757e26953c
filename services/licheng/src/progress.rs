//! How far it has come: bars on a terminal, lines of JSON elsewhere.

use std::io::{self, IsTerminal as _, Write as _};
use std::sync::atomic::{AtomicU64, Ordering};

use indicatif::{ProgressBar, ProgressStyle};

/// Lines of JSON that a phase writes at most, besides its first.
const LINES: u64 = 20;

/// Shows how far things have come, on standard error.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Progress {
    terminal: bool,
}

/// One phase under way.
pub(crate) struct Bar {
    phase: &'static str,
    items: u64,
    bytes: u64,
    done: AtomicU64,
    done_bytes: AtomicU64,
    lines: AtomicU64,
    bar: Option<ProgressBar>,
}

impl Progress {
    /// Bars if standard error is a terminal, lines of JSON if not.
    pub(crate) fn new() -> Self {
        Self { terminal: io::stderr().is_terminal() }
    }

    /// A phase begins, of that many items and bytes; 0 bytes: it has none.
    pub(crate) fn begin(self, phase: &'static str, items: u64, bytes: u64) -> Bar {
        let bar = self.terminal.then(|| {
            let style = ProgressStyle::with_template("{prefix:22} [{bar:32}] {pos}/{len} {msg} {elapsed}");
            let style = style.unwrap_or_else(|_| ProgressStyle::default_bar()).progress_chars("=> ");
            ProgressBar::new(items).with_style(style).with_prefix(phase)
        });
        let (done, done_bytes, lines) = (AtomicU64::new(0), AtomicU64::new(0), AtomicU64::new(0));
        let begun = Bar { phase, items, bytes, done, done_bytes, lines, bar };
        begun.show(0, 0);
        begun
    }
}

impl Bar {
    /// Items and bytes that are done now.
    pub(crate) fn step(&self, items: u64, bytes: u64) {
        let done = self.done.fetch_add(items, Ordering::SeqCst) + items;
        let done_bytes = self.done_bytes.fetch_add(bytes, Ordering::SeqCst) + bytes;
        let lines = done.saturating_mul(LINES).checked_div(self.items).unwrap_or(LINES);
        let due = self.lines.fetch_max(lines, Ordering::SeqCst) < lines;
        if due || self.bar.is_some() {
            self.show(done, done_bytes);
        }
    }

    /// The phase has ended.
    pub(crate) fn end(&self) {
        if let Some(bar) = &self.bar {
            bar.finish();
        }
    }

    fn show(&self, done: u64, done_bytes: u64) {
        if let Some(bar) = &self.bar {
            bar.set_position(done);
            if self.bytes > 0 {
                bar.set_message(format!("{:.1} of {:.1} MiB", mebibytes(done_bytes), mebibytes(self.bytes)));
            }
            return;
        }
        let line = serde_json::json!({
            "phase": self.phase,
            "items_done": done,
            "items_of_all": self.items,
            "bytes_done": done_bytes,
            "bytes_of_all": self.bytes,
        });
        // Nobody may be listening; that is no reason to stop.
        let _ = writeln!(io::stderr().lock(), "{line}");
    }
}

#[expect(clippy::cast_precision_loss, reason = "it is only shown")]
fn mebibytes(bytes: u64) -> f64 {
    bytes as f64 / f64::from(1 << 20)
}
