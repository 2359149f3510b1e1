//! What can be wrong with a configuration.

/// A configuration that cannot be used; each message names the full key.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ConfigError {
    /// The text is not YAML.
    #[error("the configuration is not valid YAML: {reason}")]
    NotYaml {
        /// Where and why.
        reason: String,
    },
    /// A key that does not exist, with the nearest right one.
    #[error("unknown configuration key `{key}`{origin}{}", suggestion.as_ref().map(|near| format!("; did you mean `{near}`?")).unwrap_or_default())]
    UnknownKey {
        /// The full key, such as `server.lisen`.
        key: String,
        /// The nearest right key.
        suggestion: Option<String>,
        /// Where it was set, when that is not the file.
        origin: KeyOrigin,
    },
    /// A value of the wrong type or out of range.
    #[error("configuration key `{key}`{origin} {problem}")]
    WrongValue {
        /// The full key.
        key: String,
        /// What is wrong, such as `must be an integer, not "five"`.
        problem: String,
        /// Where it was set, when that is not the file.
        origin: KeyOrigin,
    },
    /// A required key is absent.
    #[error("configuration key `{key}` is required {when}; set it in selvedge.yaml or as {variable}")]
    Missing {
        /// The full key.
        key: &'static str,
        /// When it is required.
        when: &'static str,
        /// The environment variable that sets it.
        variable: &'static str,
    },
}

impl ConfigError {
    pub(super) fn wrong(key: impl Into<String>, problem: impl Into<String>) -> Self {
        Self::WrongValue { key: key.into(), problem: problem.into(), origin: KeyOrigin::File }
    }

    pub(super) fn set_by_variable(self, variable: &str) -> Self {
        let origin = KeyOrigin::Variable(variable.to_owned());
        match self {
            Self::UnknownKey { key, suggestion, .. } => Self::UnknownKey { key, suggestion, origin },
            Self::WrongValue { key, problem, .. } => Self::WrongValue { key, problem, origin },
            other @ (Self::NotYaml { .. } | Self::Missing { .. }) => other,
        }
    }
}

/// Where a key was set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum KeyOrigin {
    /// In the file.
    File,
    /// In this environment variable.
    Variable(String),
}

impl std::fmt::Display for KeyOrigin {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::File => Ok(()),
            Self::Variable(name) => write!(formatter, " (from the environment variable {name})"),
        }
    }
}
