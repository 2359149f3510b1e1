//! Where a subgraph is served.

use std::path::PathBuf;

use http::{Uri, uri::Scheme};

/// The host in requests over a Unix socket, where none is part of the address.
const SOCKET_HOST: &str = "localhost";
const SHAPE: &str =
    "must be a URL like http://127.0.0.1:4001/graphql, https://… or unix:///run/inventory.sock?path=/graphql";

/// Where a subgraph is served.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SubgraphAddress {
    /// What is asked for; over a Unix socket with the host `localhost`.
    pub uri: Uri,
    /// The Unix socket, if it is served there.
    pub socket: Option<PathBuf>,
}

impl SubgraphAddress {
    /// Reads `http://…`, `https://…`, `unix:///SOCKET`, `unix:///SOCKET?path=/PATH` or `unix:///SOCKET:/PATH`.
    ///
    /// # Errors
    ///
    /// What the text must be instead.
    pub fn parse(text: &str) -> Result<Self, String> {
        let wrong = || format!("{SHAPE}, not `{text}`");
        if let Some(rest) = text.strip_prefix("unix://") {
            let (socket, path) = rest.split_once("?path=").or_else(|| rest.split_once(":/")).unwrap_or((rest, "/"));
            let path = path.strip_prefix('/').unwrap_or(path);
            let uri = format!("http://{SOCKET_HOST}/{path}").parse().map_err(|_| wrong())?;
            return if socket.starts_with('/') && socket.len() > 1 {
                Ok(Self { uri, socket: Some(PathBuf::from(socket)) })
            } else {
                Err(wrong())
            };
        }
        let uri: Uri = text.parse().map_err(|_| wrong())?;
        let is_known = uri.scheme() == Some(&Scheme::HTTP) || uri.scheme() == Some(&Scheme::HTTPS);
        if is_known && uri.authority().is_some() { Ok(Self { uri, socket: None }) } else { Err(wrong()) }
    }

    /// The same place with another path, which begins with `/`.
    ///
    /// # Errors
    ///
    /// When `path` is none.
    pub fn with_path(&self, path: &str) -> Result<Self, String> {
        let wrong = || format!("has no path like /graphql for subscriptions, but `{path}`");
        let mut parts = self.uri.clone().into_parts();
        parts.path_and_query = Some(path.parse().map_err(|_| wrong())?);
        Ok(Self { uri: Uri::from_parts(parts).map_err(|_| wrong())?, socket: self.socket.clone() })
    }

    /// Whether connections are encrypted.
    #[must_use]
    pub fn is_tls(&self) -> bool {
        self.uri.scheme() == Some(&Scheme::HTTPS)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_every_form() {
        let parsed = |text: &str| {
            let address = SubgraphAddress::parse(text).unwrap();
            (address.uri.to_string(), address.socket.map(|socket| socket.display().to_string()))
        };
        let socket = || Some("/run/a.sock".to_owned());
        assert_eq!(parsed("http://a:1/graphql"), ("http://a:1/graphql".to_owned(), None));
        assert_eq!(parsed("https://a"), ("https://a/".to_owned(), None));
        assert_eq!(parsed("unix:///run/a.sock"), ("http://localhost/".to_owned(), socket()));
        assert_eq!(parsed("unix:///run/a.sock?path=/graphql"), ("http://localhost/graphql".to_owned(), socket()));
        assert_eq!(parsed("unix:///run/a.sock:/graphql"), ("http://localhost/graphql".to_owned(), socket()));
        for wrong in ["", "a", "ftp://a", "unix://run/a.sock", "unix:///", "http://", "/graphql"] {
            assert!(SubgraphAddress::parse(wrong).unwrap_err().ends_with(&format!("not `{wrong}`")), "{wrong}");
        }
    }
}
