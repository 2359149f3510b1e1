//! What rustls needs to know, from the configuration.

use std::{path::Path, sync::Arc};

use rustls::{
    ClientConfig, RootCertStore,
    crypto::ring,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject},
};

use crate::config::{HttpVersion, TlsConfig, TlsRoots};

/// TLS that cannot be set up; the text says which file or set of certificates, and why.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{what}: {reason}")]
pub struct TlsError {
    /// The file, or the set of certificates.
    pub what: String,
    /// Why it cannot be used.
    pub reason: String,
}

impl TlsError {
    fn new(what: impl Into<String>, reason: &dyn std::fmt::Display) -> Self {
        Self { what: what.into(), reason: reason.to_string() }
    }

    fn of_file(file: &Path, reason: &dyn std::fmt::Display) -> Self {
        Self::new(file.display().to_string(), reason)
    }
}

/// The client's side of TLS; offers the protocols of `version`.
pub(super) fn client_config(config: &TlsConfig, version: HttpVersion) -> Result<ClientConfig, TlsError> {
    // The provider is named, so that another one elsewhere in the process changes nothing here.
    let builder = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(|error| TlsError::new("TLS", &error))?
        .with_root_certificates(roots(config)?);
    let mut tls = match (&config.certificate_file, &config.key_file) {
        (Some(certificate), Some(key)) => {
            let chain = certificates(certificate)?;
            let key_bytes = PrivateKeyDer::from_pem_file(key).map_err(|error| TlsError::of_file(key, &error))?;
            builder.with_client_auth_cert(chain, key_bytes).map_err(|error| TlsError::of_file(certificate, &error))?
        }
        _ => builder.with_no_client_auth(),
    };
    let protocols: &[&[u8]] = match version {
        HttpVersion::Auto => &[b"h2", b"http/1.1"],
        HttpVersion::Http1 => &[b"http/1.1"],
        HttpVersion::Http2 => &[b"h2"],
    };
    tls.alpn_protocols = protocols.iter().map(|protocol| protocol.to_vec()).collect();
    Ok(tls)
}

fn roots(config: &TlsConfig) -> Result<RootCertStore, TlsError> {
    let mut roots = RootCertStore::empty();
    match (&config.ca_file, config.roots) {
        (Some(file), _) => {
            for certificate in certificates(file)? {
                roots.add(certificate).map_err(|error| TlsError::of_file(file, &error))?;
            }
        }
        (None, TlsRoots::Mozilla) => roots.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned()),
        (None, TlsRoots::System) => {
            let found = rustls_native_certs::load_native_certs();
            // Some of a machine's certificates may be of forms that nobody needs; none at all is a mistake.
            let (usable, _) = roots.add_parsable_certificates(found.certs);
            if usable == 0 {
                let reason = found.errors.first().map_or_else(|| "none found".to_owned(), ToString::to_string);
                return Err(TlsError::new("the system's certificates", &reason));
            }
        }
    }
    Ok(roots)
}

fn certificates(file: &Path) -> Result<Vec<CertificateDer<'static>>, TlsError> {
    let read = CertificateDer::pem_file_iter(file).map_err(|error| TlsError::of_file(file, &error))?;
    let certificates: Vec<_> = read.collect::<Result<_, _>>().map_err(|error| TlsError::of_file(file, &error))?;
    if certificates.is_empty() {
        return Err(TlsError::of_file(file, &"there is no certificate in it"));
    }
    Ok(certificates)
}
