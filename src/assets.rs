//! The front end, built by npm and carried inside the binary.

use std::borrow::Cow;

use bytes::Bytes;
use http::HeaderValue;
use rust_embed::{EmbeddedFile, RustEmbed};
use selvedge_gateway::server::{Asset, Caching, StaticAssets};

/// The GraphQL playground.
#[derive(RustEmbed)]
#[folder = "$CARGO_MANIFEST_DIR/frontend-contract/playground/dist"]
struct PlaygroundFiles;

/// The sample storefront.
#[derive(RustEmbed)]
#[folder = "$CARGO_MANIFEST_DIR/frontend-contract/storefront/dist"]
struct StorefrontFiles;

/// Which pages a process serves.
#[derive(Debug, Clone, Copy)]
pub(crate) struct FrontEnd {
    /// `/shop`.
    pub(crate) storefront: bool,
}

impl StaticAssets for FrontEnd {
    fn find(&self, path: &str) -> Option<Asset> {
        match path.strip_prefix("/shop") {
            Some(inner) if inner.is_empty() || inner.starts_with('/') => {
                self.storefront.then(|| storefront(inner.trim_start_matches('/'))).flatten()
            }
            _ => playground(path.trim_start_matches('/')),
        }
    }
}

fn playground(path: &str) -> Option<Asset> {
    let path = if path.is_empty() { "index.html" } else { path };
    PlaygroundFiles::get(path).and_then(|file| asset(path, file))
}

/// Every address of the shop that is no file is a page of the application, which finds its way by itself.
fn storefront(path: &str) -> Option<Asset> {
    if let Some(file) = StorefrontFiles::get(path) {
        return asset(path, file);
    }
    let is_page = !path.rsplit('/').next().is_some_and(|name| name.contains('.'));
    is_page.then(|| StorefrontFiles::get("index.html")).flatten().and_then(|page| asset("index.html", page))
}

fn asset(path: &str, file: EmbeddedFile) -> Option<Asset> {
    let hash: String = file.metadata.sha256_hash().iter().take(16).map(|byte| format!("{byte:02x}")).collect();
    // Vite puts a hash of the content into every name below an `assets` folder.
    let named_by_content = path.contains("assets/") && !path.ends_with(".svg");
    Some(Asset {
        content_type: content_type(path),
        caching: if named_by_content { Caching::Immutable } else { Caching::Revalidate },
        etag: HeaderValue::from_str(&format!("\"{hash}\"")).ok(),
        content_security_policy: None,
        body: match file.data {
            Cow::Borrowed(bytes) => Bytes::from_static(bytes),
            Cow::Owned(bytes) => Bytes::from(bytes),
        },
    })
}

fn content_type(path: &str) -> HeaderValue {
    let guess = mime_guess::from_path(path).first_or_octet_stream();
    let text = matches!(guess.type_().as_str(), "text") || guess.subtype() == "javascript";
    let value = if text { format!("{guess}; charset=utf-8") } else { guess.to_string() };
    HeaderValue::from_str(&value).unwrap_or(HeaderValue::from_static("application/octet-stream"))
}

#[cfg(test)]
mod tests {
    use selvedge_gateway::server::StaticAssets;

    use super::FrontEnd;

    #[test]
    fn pages_of_the_shop_are_the_application_and_missing_files_are_missing() {
        let shop = FrontEnd { storefront: true };
        let page = shop.find("/shop/products/anything").unwrap();
        assert_eq!(page.content_type, "text/html; charset=utf-8");
        assert_eq!(shop.find("/shop").unwrap().body, page.body);
        assert!(shop.find("/shop/assets/gone.js").is_none());
        assert!(shop.find("/shopping").is_none());
        assert!(shop.find("/").is_some());
        assert!(FrontEnd { storefront: false }.find("/shop").is_none());
    }
}
