//! A file with a supergraph.

use std::{path::PathBuf, time::Duration};

use futures::{FutureExt, future::BoxFuture};

use super::{SchemaSource, SchemaText, SourceError, SourceKind, watched_file::WatchedFile};

/// A file with a supergraph, read again when it has changed.
pub struct SupergraphFile {
    file: WatchedFile,
    interval: Duration,
}

impl SupergraphFile {
    /// Looks at `path` every `interval`; a changed file is read when it has stayed as it is for `settle_time`.
    #[must_use]
    pub const fn new(path: PathBuf, interval: Duration, settle_time: Duration) -> Self {
        Self { file: WatchedFile::new(path, settle_time), interval }
    }
}

impl SchemaSource for SupergraphFile {
    fn kind(&self) -> SourceKind {
        SourceKind::SupergraphFile
    }

    fn location(&self) -> String {
        self.file.path().display().to_string()
    }

    fn look(&mut self) -> BoxFuture<'_, Result<Option<SchemaText>, SourceError>> {
        async { Ok(self.file.look().await?.map(SchemaText::Supergraph)) }.boxed()
    }

    fn pause(&self) -> Duration {
        self.interval
    }
}
