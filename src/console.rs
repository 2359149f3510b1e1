//! What people read: lines on standard output, progress on standard error.

use std::{
    fmt::Arguments,
    io::{self, Write},
};

use indicatif::{ProgressBar, ProgressStyle};

/// Writes one line to standard output. A closed pipe (`selvedge … | head`) is no failure.
pub(crate) fn say(line: Arguments<'_>) {
    let _ = writeln!(io::stdout().lock(), "{line}");
}

/// Writes one line to standard error.
pub(crate) fn warn(line: Arguments<'_>) {
    let _ = writeln!(io::stderr().lock(), "{line}");
}

/// A bar that counts to `total`; shown on terminals alone.
pub(crate) fn progress(what: &'static str, total: u64) -> ProgressBar {
    let template = "{msg:<24} {bar:32} {human_pos}/{human_len}  {per_sec}  {eta} left";
    let bar = ProgressBar::new(total).with_message(what);
    if let Ok(style) = ProgressStyle::with_template(template) {
        bar.set_style(style);
    }
    bar
}
