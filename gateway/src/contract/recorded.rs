//! Where recorded operations are read from.

use std::{fs, io, path::Path};

use super::{folder, manifest};

/// Why recorded operations cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum RecordedError {
    /// The file or folder cannot be read.
    #[error("cannot read the recorded operations in `{path}`: {source}")]
    Io {
        /// Where they should be.
        path: String,
        /// What the system says.
        source: io::Error,
    },
    /// The file is no manifest.
    #[error(
        "`{path}` is no manifest of operations ({reason}); expected an Apollo persisted query manifest, or a JSON object \
         of ids and documents"
    )]
    NotManifest {
        /// The file.
        path: String,
        /// What is wrong.
        reason: String,
    },
}

/// One recorded document of a client.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecordedOperation {
    /// Its file, or its name and id in a manifest.
    pub origin: String,
    /// The operation, with the fragments that it uses.
    pub document: String,
    /// A fragment that it uses and that is in no file.
    pub missing_fragment: Option<String>,
}

/// What clients are known to ask.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RecordedOperations(pub Vec<RecordedOperation>);

impl RecordedOperations {
    /// Reads the `.graphql` files below a folder (a file whose first word is `fragment` holds one fragment, any other an
    /// operation), or a manifest of trusted documents.
    ///
    /// # Errors
    ///
    /// When a file cannot be read, or is no manifest.
    pub fn read(path: &Path) -> Result<Self, RecordedError> {
        let failed = |source| RecordedError::Io { path: path.display().to_string(), source };
        if path.is_dir() {
            return folder::read(path).map(Self).map_err(failed);
        }
        let text = fs::read_to_string(path).map_err(failed)?;
        manifest::read(&text)
            .map(Self)
            .map_err(|reason| RecordedError::NotManifest { path: path.display().to_string(), reason })
    }

    /// How many there are.
    #[must_use]
    pub const fn count(&self) -> usize {
        self.0.len()
    }
}
