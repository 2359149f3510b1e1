//! Why a caller's wish was not granted, in words and codes that are meant for the caller.

/// The kinds of refusal that clients can tell apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum RefusalCode {
    /// The caller is anonymous.
    NotSignedIn,
    /// More events than one call may carry.
    TooManyEvents,
    /// An event is not well formed.
    InvalidEvent,
    /// A profile value is not well formed.
    InvalidProfile,
    /// The profile has changed since the caller read it.
    VersionConflict,
    /// The wishlist holds as many products as it may.
    WishlistFull,
    /// An id is not well formed.
    InvalidId,
}

/// One refusal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// Path of the argument, such as `input`, `styles`, `3`; absent when no single argument is at fault.
    pub field: Option<Vec<String>>,
    /// One sentence for people.
    pub message: String,
    /// For programs.
    pub code: RefusalCode,
}

impl Refusal {
    /// A refusal of no single argument.
    #[must_use]
    pub fn new(code: RefusalCode, message: impl Into<String>) -> Self {
        Self { field: None, message: message.into(), code }
    }

    /// The same refusal, of the argument at `path`.
    #[must_use]
    pub fn at<const LENGTH: usize>(mut self, path: [&str; LENGTH]) -> Self {
        self.field = Some(path.iter().map(|&part| part.to_owned()).collect());
        self
    }
}
