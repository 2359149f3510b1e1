//! A file that is read again when it has changed and come to rest.
//!
//! It is looked at, not subscribed to: what a path leads to changes by writing, by renaming another file over it (as
//! editors do) and by swapping a symbolic link far above it (as Kubernetes does), also on network file systems, which
//! notify nobody. All of these change what `stat` says.

use std::{fs::Metadata, io, path::PathBuf, time::Duration};

use super::SourceError;

/// A file that is still changing after this many looks is told to be restless.
const MAX_LOOKS: usize = 100;

/// What `stat` says: it differs when the text may differ.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Fingerprint {
    size_bytes: u64,
    modified: Option<std::time::SystemTime>,
    /// Device, inode, and when the inode was changed.
    identity: [i64; 4],
}

impl From<Metadata> for Fingerprint {
    fn from(metadata: Metadata) -> Self {
        Self { size_bytes: metadata.len(), modified: metadata.modified().ok(), identity: identity(&metadata) }
    }
}

#[cfg(unix)]
fn identity(metadata: &Metadata) -> [i64; 4] {
    use std::os::unix::fs::MetadataExt;
    [metadata.dev().cast_signed(), metadata.ino().cast_signed(), metadata.ctime(), metadata.ctime_nsec()]
}

#[cfg(not(unix))]
fn identity(_: &Metadata) -> [i64; 4] {
    [0; 4]
}

/// A file, and what it was like when it was last read.
pub(super) struct WatchedFile {
    path: PathBuf,
    settle_time: Duration,
    read: Option<Fingerprint>,
}

impl WatchedFile {
    pub(super) const fn new(path: PathBuf, settle_time: Duration) -> Self {
        Self { path, settle_time, read: None }
    }

    pub(super) const fn path(&self) -> &PathBuf {
        &self.path
    }

    /// Its text, when it has changed since it was last read. What is read first is read at once; later, a file must have
    /// stayed as it is for the settle time, so that nobody's half-written text is taken.
    pub(super) async fn look(&mut self) -> Result<Option<String>, SourceError> {
        let mut seen = self.stat().await;
        if let (Ok(seen), Some(read)) = (&seen, &self.read)
            && seen == read
        {
            return Ok(None);
        }
        if self.read.is_none()
            && let Ok(fingerprint) = seen
        {
            return self.take(fingerprint).await;
        }
        for _ in 0..MAX_LOOKS {
            tokio::time::sleep(self.settle_time).await;
            let now = self.stat().await;
            match (&seen, &now) {
                // Put back to what it was.
                (_, Ok(now)) if self.read == Some(*now) => return Ok(None),
                (Ok(before), Ok(now)) if before == now => {
                    let text = tokio::fs::read_to_string(&self.path).await;
                    // Written to while it was read: not at rest after all.
                    if self.stat().await.is_ok_and(|after| after == *now) {
                        let text = text.map_err(|error| self.failed(&error))?;
                        self.read = Some(*now);
                        return Ok(Some(text));
                    }
                }
                // Away for a moment only while something else is put in its place.
                (Err(_), Err(error)) => return Err(self.failed(error)),
                _ => {}
            }
            seen = now;
        }
        Err(SourceError::Restless { path: self.path.clone() })
    }

    async fn take(&mut self, fingerprint: Fingerprint) -> Result<Option<String>, SourceError> {
        let text = tokio::fs::read_to_string(&self.path).await.map_err(|error| self.failed(&error))?;
        self.read = Some(fingerprint);
        Ok(Some(text))
    }

    async fn stat(&self) -> io::Result<Fingerprint> {
        // Links are followed.
        tokio::fs::metadata(&self.path).await.map(Fingerprint::from)
    }

    fn failed(&self, error: &io::Error) -> SourceError {
        SourceError::File { path: self.path.clone(), reason: error.to_string() }
    }
}
