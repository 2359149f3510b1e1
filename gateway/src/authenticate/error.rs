//! Why a token was refused.

/// A token that is refused; the text is for the client and never quotes the token.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AuthenticateError {
    /// The header is not `Bearer TOKEN`.
    #[error("the authorization header must be `Bearer` and a token")]
    NotBearer,
    /// The token has no three parts, or they are not what they should be.
    #[error("the token is not a JSON Web Token")]
    Malformed,
    /// The signature's algorithm is not accepted.
    #[error("the token is signed with an algorithm that is not accepted here")]
    AlgorithmRefused,
    /// No key fits.
    #[error("the token is signed with a key that is not known here")]
    UnknownKey,
    /// The signature is wrong.
    #[error("the token's signature is not valid")]
    BadSignature,
    /// It ran out.
    #[error("the token has expired")]
    Expired,
    /// It has no end.
    #[error("the token has no expiry (`exp`)")]
    NoExpiry,
    /// It does not hold yet.
    #[error("the token is not valid yet")]
    NotYetValid,
    /// Another issuer.
    #[error("the token is from an issuer that is not accepted here")]
    WrongIssuer,
    /// For another audience.
    #[error("the token is for another audience")]
    WrongAudience,
    /// No one is named.
    #[error("the token names nobody (`sub`)")]
    NoSubject,
}

impl AuthenticateError {
    /// The value of `extensions.code`.
    pub const CODE: &'static str = "UNAUTHENTICATED";
}

/// Why a key set cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("the key set at {location} cannot be used: {reason}")]
pub(super) struct KeySetError {
    /// The file or address.
    pub(super) location: String,
    /// Why.
    pub(super) reason: String,
}
