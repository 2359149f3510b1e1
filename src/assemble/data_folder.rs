//! Where the embedded stores keep their files.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use crate::failure::Failure;

/// A folder for the embedded stores; an ephemeral one goes away with the value.
pub(crate) enum DataFolder {
    /// Stays.
    Kept(PathBuf),
    /// Is removed at the end.
    Ephemeral(PathBuf),
}

impl DataFolder {
    /// `folder`, which is made when a store first needs it.
    pub(crate) fn kept(folder: &Path) -> Self {
        Self::Kept(folder.to_owned())
    }

    /// A new folder among the temporary files.
    pub(crate) fn ephemeral() -> Result<Self, Failure> {
        let folder = std::env::temp_dir().join(format!("selvedge-{}", uuid::Uuid::now_v7()));
        create(&folder)?;
        Ok(Self::Ephemeral(folder))
    }

    /// Where it is.
    pub(crate) fn path(&self) -> &Path {
        match self {
            Self::Kept(folder) | Self::Ephemeral(folder) => folder,
        }
    }

    /// The URL of the SQLite file `name` in the folder.
    pub(crate) fn sqlite_url(&self, name: &str) -> Result<String, Failure> {
        create(self.path())?;
        Ok(format!("sqlite://{}?mode=rwc", self.path().join(name).display()))
    }
}

impl Drop for DataFolder {
    fn drop(&mut self) {
        if let Self::Ephemeral(folder) = self {
            // Best effort: the system cleans its temporary files as well.
            let _ = fs::remove_dir_all(folder);
        }
    }
}

/// Only the owner may read what is in it.
fn create(folder: &Path) -> Result<(), Failure> {
    let made = || -> io::Result<()> {
        if folder.is_dir() {
            return Ok(());
        }
        let mut builder = fs::DirBuilder::new();
        builder.recursive(true);
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
        builder.create(folder)
    };
    made().map_err(|error| Failure::operation(format!("cannot make the data folder `{}`", folder.display()), &error))
}
