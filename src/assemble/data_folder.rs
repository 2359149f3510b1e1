//! Where the embedded stores keep their files.

use std::{
    fs::{self, File, TryLockError},
    io,
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

    /// Takes the store `name` for this process until the guard goes away. Without a bus that processes share, a second
    /// process would show numbers that the first one has changed.
    pub(crate) fn claim(&self, name: &str) -> Result<File, Failure> {
        create(self.path())?;
        let path = self.path().join(format!("{name}.lock"));
        let what = || format!("cannot use the store `{}`", self.path().join(name).display());
        let file = File::create(&path).map_err(|error| Failure::operation(what(), &error))?;
        match file.try_lock() {
            Ok(()) => Ok(file),
            Err(TryLockError::WouldBlock) => Err(Failure::operation(
                what(),
                &"another process serves it; stop that one, choose another --data, or give both a bus with REDIS_URL",
            )),
            Err(TryLockError::Error(error)) => Err(Failure::operation(what(), &error)),
        }
    }

    /// Fails unless the folder has the store `name`; for commands that read one and would otherwise make an empty one.
    pub(crate) fn require(&self, name: &str) -> Result<(), Failure> {
        if self.path().join(name).exists() {
            return Ok(());
        }
        let folder = self.path().display();
        Err(Failure::Usage(format!(
            "`{folder}` holds no store (`{name}` is missing); --data names the folder of `selvedge up`"
        )))
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
