//! What was wrong with a file or a row.

/// The file as a whole cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    /// It is not there, or not readable.
    #[error("cannot read `{file}`: {reason}")]
    Unreadable {
        /// Path as given.
        file: String,
        /// What the system said.
        reason: String,
    },
    /// A column that is needed is not there.
    #[error("`{file}` has no column `{column}`; its columns are: {found}")]
    MissingColumn {
        /// Path as given.
        file: String,
        /// The column's name.
        column: &'static str,
        /// The first columns that are there.
        found: String,
    },
    /// There is nothing in it.
    #[error("`{file}` is empty")]
    Blank {
        /// Path as given.
        file: String,
    },
    /// There is nothing below the header.
    #[error("`{file}` has a header but no rows")]
    Empty {
        /// Path as given.
        file: String,
    },
}

/// A row that was left out, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RejectedRow {
    /// Line of the file where the row starts; the header is line 1.
    pub line: u64,
    /// The product it belongs to, where that is known.
    pub handle: Option<String>,
    /// What was wrong and what would be right.
    pub reason: String,
}
