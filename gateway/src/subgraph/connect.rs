//! From the subgraphs that a schema names to transports.

use super::{StackError, SubgraphTransports, http_stack};
use crate::config::SubgraphsConfig;

/// HTTP transports to all `subgraphs` (name and address); an address in the configuration goes first.
///
/// What of `before` leads to the same address is kept as it is, with its open connections and what its layers have
/// learned; so `before` must have been made with the same `config`.
///
/// # Errors
///
/// When an address is no http URL.
pub fn http_transports<'a>(
    subgraphs: impl Iterator<Item = (&'a str, &'a str)>,
    config: &SubgraphsConfig,
    before: &SubgraphTransports,
) -> Result<SubgraphTransports, StackError> {
    let mut transports = SubgraphTransports::default();
    for (name, url) in subgraphs {
        let url = config.url(name).unwrap_or(url);
        transports = match before.leading_to(name, url) {
            Some(kept) => transports.with_entry(name.to_owned(), kept),
            None => transports.with_address(name, url, http_stack(name, url, config.for_subgraph(name))?),
        };
    }
    Ok(transports)
}
