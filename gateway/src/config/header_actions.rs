//! Header rules, read: names, patterns and values that are known to be good.

use http::{HeaderName, HeaderValue};
use regex::Regex;

use super::{ConfigError, HeaderNames, HeaderStrategy, InsertHeader, RequestHeaderRule, ResponseHeaderRule};

/// What no rule passes on or sets: headers of one connection (RFC 9110, section 7.6.1), of the form of one message,
/// and those by which subgraphs trust the gateway.
const PROTECTED: [&str; 24] = [
    "accept",
    "accept-encoding",
    "connection",
    "content-encoding",
    "content-length",
    "content-type",
    "expect",
    "host",
    "keep-alive",
    "proxy-authenticate",
    "proxy-authorization",
    "proxy-connection",
    "sec-websocket-accept",
    "sec-websocket-extensions",
    "sec-websocket-key",
    "sec-websocket-protocol",
    "sec-websocket-version",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
    "upgrade-insecure-requests",
    "x-correlation-id",
    "x-selvedge-identity",
];

/// What is wrong with a rule: the key inside of it, and the problem.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{key}: {problem}")]
pub struct HeaderRuleError {
    key: &'static str,
    problem: String,
}

impl HeaderRuleError {
    fn new(key: &'static str, problem: impl Into<String>) -> Self {
        Self { key, problem: problem.into() }
    }

    /// The error of a rule that stands at `rule_key`.
    pub(super) fn at(self, rule_key: &str) -> ConfigError {
        let key = if self.key.is_empty() { rule_key.to_owned() } else { format!("{rule_key}.{}", self.key) };
        ConfigError::wrong(key, self.problem)
    }
}

impl From<HeaderRuleError> for ConfigError {
    /// For where the place of the rule is not known; [`super::Config::validate`] knows it.
    fn from(error: HeaderRuleError) -> Self {
        error.at("subgraphs.….headers")
    }
}

/// Whether no rule passes this header on or sets it.
#[must_use]
pub fn is_protected(name: &HeaderName) -> bool {
    PROTECTED.binary_search(&name.as_str()).is_ok()
}

/// Which headers a rule is about.
#[derive(Debug, Clone)]
pub struct NameMatch {
    named: Vec<HeaderName>,
    matching: Option<Regex>,
}

impl NameMatch {
    fn read(named: &[String], matching: Option<&str>, key: &'static str) -> Result<Self, HeaderRuleError> {
        if named.is_empty() && matching.is_none() {
            return Err(HeaderRuleError::new(key, "needs `named` or `matching`"));
        }
        let named = named.iter().map(|name| read_name(name, key)).collect::<Result<_, _>>()?;
        let matching = matching.map(|pattern| Regex::new(&format!("^(?:{pattern})$"))).transpose();
        let matching = matching.map_err(|error| HeaderRuleError::new(key, format!("has a bad `matching`: {error}")))?;
        Ok(Self { named, matching })
    }

    /// Whether the rule is about `name`; about a protected header none is.
    #[must_use]
    pub fn matches(&self, name: &HeaderName) -> bool {
        !is_protected(name)
            && (self.named.contains(name) || self.matching.as_ref().is_some_and(|regex| regex.is_match(name.as_str())))
    }

    /// Its only name, when it is about one name alone.
    fn only(&self) -> Option<&HeaderName> {
        match (self.named.as_slice(), &self.matching) {
            ([only], None) => Some(only),
            _ => None,
        }
    }
}

fn read_name(name: &str, key: &'static str) -> Result<HeaderName, HeaderRuleError> {
    let read = HeaderName::try_from(name);
    let read = read.map_err(|_| HeaderRuleError::new(key, format!("has `{name}`, which is no name of a header")))?;
    if is_protected(&read) {
        return Err(HeaderRuleError::new(key, format!("has `{read}`, which the gateway sets itself")));
    }
    Ok(read)
}

fn read_value(value: &str, key: &'static str) -> Result<HeaderValue, HeaderRuleError> {
    // Not shown, as it may be a secret.
    HeaderValue::try_from(value).map_err(|_| HeaderRuleError::new(key, "has a value that cannot stand in a header"))
}

/// Headers that go on, under which name, and what stands in for them.
#[derive(Debug, Clone)]
pub struct Propagation {
    /// Which.
    pub what: NameMatch,
    /// Under another name.
    pub rename: Option<HeaderName>,
    /// Name and value when there is none of them.
    pub default: Option<(HeaderName, HeaderValue)>,
}

impl Propagation {
    fn read(what: NameMatch, rename: Option<&str>, default: Option<&str>) -> Result<Self, HeaderRuleError> {
        const KEY: &str = "propagate";
        let rename = rename.map(|name| read_name(name, KEY)).transpose()?;
        let default = default.map(|value| read_value(value, KEY)).transpose()?;
        if (rename.is_some() || default.is_some()) && what.only().is_none() {
            return Err(HeaderRuleError::new(KEY, "needs exactly one name in `named` for `rename` and `default`"));
        }
        let name = rename.clone().or_else(|| what.only().cloned());
        Ok(Self { default: name.zip(default), what, rename })
    }
}

/// What a rule for requests does.
#[derive(Debug, Clone)]
pub enum RequestAction {
    /// Passes headers of the client on.
    Propagate(Propagation),
    /// Sets a header.
    Insert(HeaderName, HeaderValue),
    /// Takes headers away.
    Remove(NameMatch),
}

impl RequestAction {
    /// Reads a rule, with its value from wherever it is.
    ///
    /// # Errors
    ///
    /// What is wrong with the rule.
    pub fn read(rule: &RequestHeaderRule) -> Result<Self, HeaderRuleError> {
        match (&rule.propagate, &rule.insert, &rule.remove) {
            (Some(propagate), None, None) => {
                let what = NameMatch::read(&propagate.named, propagate.matching.as_deref(), "propagate")?;
                let (rename, default) = (propagate.rename.as_deref(), propagate.default.as_deref());
                Ok(Self::Propagate(Propagation::read(what, rename, default)?))
            }
            (None, Some(insert), None) => insertion(insert).map(|(name, value)| Self::Insert(name, value)),
            (None, None, Some(remove)) => removal(remove).map(Self::Remove),
            _ => Err(one_of_three()),
        }
    }
}

/// What a rule for answers does.
#[derive(Debug, Clone)]
pub enum ResponseAction {
    /// Passes headers of the subgraph on.
    Propagate(Propagation, HeaderStrategy),
    /// Sets a header.
    Insert(HeaderName, HeaderValue),
    /// Takes headers away.
    Remove(NameMatch),
}

impl ResponseAction {
    /// Reads a rule, with its value from wherever it is.
    ///
    /// # Errors
    ///
    /// What is wrong with the rule.
    pub fn read(rule: &ResponseHeaderRule) -> Result<Self, HeaderRuleError> {
        match (&rule.propagate, &rule.insert, &rule.remove) {
            (Some(propagate), None, None) => {
                let what = NameMatch::read(&propagate.named, propagate.matching.as_deref(), "propagate")?;
                let (rename, default) = (propagate.rename.as_deref(), propagate.default.as_deref());
                Ok(Self::Propagate(Propagation::read(what, rename, default)?, propagate.strategy))
            }
            (None, Some(insert), None) => insertion(insert).map(|(name, value)| Self::Insert(name, value)),
            (None, None, Some(remove)) => removal(remove).map(Self::Remove),
            _ => Err(one_of_three()),
        }
    }
}

fn one_of_three() -> HeaderRuleError {
    HeaderRuleError::new("", "must have exactly one of `propagate`, `insert` and `remove`")
}

fn removal(remove: &HeaderNames) -> Result<NameMatch, HeaderRuleError> {
    NameMatch::read(&remove.named, remove.matching.as_deref(), "remove")
}

fn insertion(insert: &InsertHeader) -> Result<(HeaderName, HeaderValue), HeaderRuleError> {
    const KEY: &str = "insert";
    let value = match (&insert.value, &insert.from_environment, &insert.from_file) {
        (Some(value), None, None) => value.clone(),
        (None, Some(variable), None) => from_environment(variable)
            .ok_or_else(|| HeaderRuleError::new(KEY, format!("needs the environment variable {variable}")))?,
        (None, None, Some(file)) => {
            let text = std::fs::read_to_string(file)
                .map_err(|error| HeaderRuleError::new(KEY, format!("cannot read `{}`: {error}", file.display())))?;
            text.trim_end_matches(['\r', '\n']).to_owned()
        }
        _ => return Err(HeaderRuleError::new(KEY, "needs exactly one of `value`, `from_environment`, `from_file`")),
    };
    Ok((read_name(&insert.name, KEY)?, read_value(&value, KEY)?))
}

#[expect(clippy::disallowed_methods, reason = "a secret whose variable the configuration names; this is `config`")]
fn from_environment(variable: &str) -> Option<String> {
    std::env::var(variable).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn problem(rule: &str) -> String {
        let rule: RequestHeaderRule = serde_json::from_str(rule).unwrap();
        RequestAction::read(&rule).unwrap_err().at("rules.0").to_string()
    }

    #[test]
    fn the_list_of_protected_headers_is_sorted() {
        assert!(PROTECTED.is_sorted());
    }

    #[test]
    fn each_mistake_is_named() {
        for (rule, expected) in [
            ("{}", "`rules.0` must have exactly one of `propagate`, `insert` and `remove`"),
            ("{\"propagate\":{}}", "`rules.0.propagate` needs `named` or `matching`"),
            ("{\"remove\":{\"named\":[\"a b\"]}}", "`rules.0.remove` has `a b`, which is no name of a header"),
            (
                "{\"propagate\":{\"named\":[\"X-Selvedge-Identity\"]}}",
                "`rules.0.propagate` has `x-selvedge-identity`, which the gateway sets itself",
            ),
            (
                "{\"insert\":{\"name\":\"te\",\"value\":\"x\"}}",
                "`rules.0.insert` has `te`, which the gateway sets itself",
            ),
            (
                "{\"propagate\":{\"named\":[\"a\",\"b\"],\"rename\":\"c\"}}",
                "`rules.0.propagate` needs exactly one name in `named` for `rename` and `default`",
            ),
            (
                "{\"insert\":{\"name\":\"a\"}}",
                "`rules.0.insert` needs exactly one of `value`, `from_environment`, `from_file`",
            ),
            (
                "{\"insert\":{\"name\":\"a\",\"from_environment\":\"SELVEDGE_NO_SUCH\"}}",
                "`rules.0.insert` needs the environment variable SELVEDGE_NO_SUCH",
            ),
        ] {
            assert_eq!(problem(rule), format!("configuration key {expected}"));
        }
        assert!(problem("{\"propagate\":{\"matching\":\"(\"}}").contains("has a bad `matching`"));
        let unreadable = problem("{\"insert\":{\"name\":\"a\",\"from_file\":\"/no/such\"}}");
        assert!(unreadable.contains("cannot read `/no/such`"));
    }

    #[test]
    fn patterns_fit_whole_names_and_never_protected_ones() {
        let matched = NameMatch::read(&["cookie".to_owned()], Some("x-.*|tenant"), "propagate").unwrap();
        let matches = |name: &'static str| matched.matches(&HeaderName::from_static(name));
        assert!(matches("cookie") && matches("x-a") && matches("tenant"));
        assert!(!matches("my-tenant") && !matches("x-selvedge-identity") && !matches("x-correlation-id"));
    }
}
