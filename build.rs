//! Makes sure that the folders of the built front end exist, so that the binary compiles where npm has not run; such a
//! binary says on its pages how to build the front end.

use std::{fs, io, path::Path};

const NOT_BUILT: &str = "<!doctype html><meta charset=\"utf-8\"><title>Selvedge</title><p>The front end is not part of \
    this binary. Build it with <code>make build</code>, then start again.</p>";

fn main() -> io::Result<()> {
    for part in ["playground", "storefront"] {
        let folder = Path::new("frontend-contract").join(part).join("dist");
        let page = folder.join("index.html");
        if !page.exists() {
            fs::create_dir_all(&folder)?;
            fs::write(&page, NOT_BUILT)?;
        }
        println!("cargo::rerun-if-changed={}", folder.display());
    }
    Ok(())
}
