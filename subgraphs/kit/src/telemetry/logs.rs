//! Structured logs on standard error.

use std::io;

use tracing_subscriber::{EnvFilter, fmt, layer::SubscriberExt, util::SubscriberInitExt};

use super::TelemetryError;

/// How a log line looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum LogFormat {
    /// One line for people.
    #[default]
    Pretty,
    /// One JSON object for machines, with the fields of the spans around it.
    Json,
}

/// Sends the process's logs to standard error. `filter` is such as `info,selvedge_gateway=debug`.
///
/// # Errors
///
/// When the filter cannot be read, or logs were set up before.
pub fn install_logs(filter: &str, format: LogFormat) -> Result<(), TelemetryError> {
    let directives = EnvFilter::try_new(filter)
        .map_err(|error| TelemetryError::BadFilter { filter: filter.to_owned(), reason: error.to_string() })?;
    let registry = tracing_subscriber::registry().with(directives);
    let installed = match format {
        LogFormat::Json => {
            let layer = fmt::layer().json().flatten_event(true).with_current_span(true).with_span_list(false);
            registry.with(layer.with_writer(io::stderr)).try_init()
        }
        LogFormat::Pretty => {
            let is_terminal = io::IsTerminal::is_terminal(&io::stderr());
            let layer = fmt::layer().compact().with_target(false).with_ansi(is_terminal);
            registry.with(layer.with_writer(io::stderr)).try_init()
        }
    };
    installed.map_err(|_| TelemetryError::AlreadyInstalled { part: "logs" })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bad_filter_is_named() {
        let error = install_logs("info,=x=y", LogFormat::Json).unwrap_err();
        assert!(error.to_string().starts_with("the log filter `info,=x=y` cannot be read: "), "{error}");
    }
}
