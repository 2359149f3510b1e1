//! Operations in a folder of `.graphql` files, with fragments in files of their own.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs, io,
    path::{Path, PathBuf},
};

use super::RecordedOperation;

/// Reads every `.graphql` file below `folder`; a file whose first word is `fragment` holds one fragment.
pub(super) fn read(folder: &Path) -> io::Result<Vec<RecordedOperation>> {
    let mut files = Vec::new();
    collect(folder, &mut files)?;
    files.sort();
    let mut operations = Vec::new();
    let mut fragments = BTreeMap::new();
    for file in files {
        let text = fs::read_to_string(&file)?;
        match fragment_name(&text) {
            Some(name) => {
                fragments.insert(name.to_owned(), text);
            }
            None => operations.push((file, text)),
        }
    }
    let complete = |(file, text): (PathBuf, String)| {
        let (document, missing_fragment) = with_fragments(text, &fragments);
        RecordedOperation { origin: file.display().to_string(), document, missing_fragment }
    };
    Ok(operations.into_iter().map(complete).collect())
}

/// The operation with all fragments that it uses behind it, so that its own lines keep their numbers; and the first
/// fragment that is in no file.
fn with_fragments(operation: String, fragments: &BTreeMap<String, String>) -> (String, Option<String>) {
    let mut wanted: Vec<String> = spreads(&operation);
    let mut document = operation;
    let mut added = BTreeSet::new();
    while let Some(name) = wanted.pop() {
        if !added.insert(name.clone()) {
            continue;
        }
        let Some(fragment) = fragments.get(&name) else { return (document, Some(name)) };
        wanted.extend(spreads(fragment));
        document.push('\n');
        document.push_str(fragment);
    }
    (document, None)
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            if path.file_name().is_some_and(|name| name != "node_modules") {
                collect(&path, files)?;
            }
        } else if path.extension().is_some_and(|extension| extension == "graphql") {
            files.push(path);
        }
    }
    Ok(())
}

fn fragment_name(text: &str) -> Option<&str> {
    let code = text.lines().find(|line| !line.trim().is_empty() && !line.trim_start().starts_with('#'))?;
    code.trim_start().strip_prefix("fragment ")?.split_whitespace().next()
}

/// Names of the fragments that `text` spreads: `...Name`, but not `... on Type`, and not inside comments.
fn spreads(text: &str) -> Vec<String> {
    let code = text.lines().map(|line| line.split('#').next().unwrap_or_default()).collect::<Vec<_>>().join("\n");
    code.split("...")
        .skip(1)
        .filter_map(|rest| {
            let name: String = rest
                .trim_start()
                .chars()
                .take_while(|letter| letter.is_ascii_alphanumeric() || *letter == '_')
                .collect();
            (!name.is_empty() && name != "on").then_some(name)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::{fragment_name, spreads};

    #[test]
    fn spreads_are_found_and_inline_fragments_are_not() {
        let text = "query Q { a { ...One ... Two ... on T { b } ... @include(if: $x) { c } # ...Three\n } }";
        assert_eq!(spreads(text), ["One", "Two"]);
    }

    #[test]
    fn a_fragment_file_is_known_by_its_first_word() {
        assert_eq!(fragment_name("# card\nfragment Card on Product {\n id\n}"), Some("Card"));
        assert_eq!(fragment_name("query Q { a }"), None);
    }
}
