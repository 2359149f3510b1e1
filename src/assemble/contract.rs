//! The recorded client operations, checked against a schema: what a change would break, by operation and field.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs, io,
    path::{Path, PathBuf},
};

use selvedge_gateway::{parse::Limits, plan::prepare, schema::ServedSchema};

/// The operations and fragments below one folder.
pub(crate) struct Operations {
    operations: Vec<(PathBuf, String)>,
    fragments: BTreeMap<String, String>,
}

/// An operation that the schema does not serve.
pub(crate) struct BrokenOperation {
    /// Its file.
    pub(crate) file: PathBuf,
    /// What is wrong, one line each, with line and column of the file.
    pub(crate) problems: Vec<String>,
}

impl Operations {
    /// Reads every `.graphql` file below `folder`; a file whose first word is `fragment` holds one fragment.
    pub(crate) fn read(folder: &Path) -> io::Result<Self> {
        let mut files = Vec::new();
        collect(folder, &mut files)?;
        files.sort();
        let mut read = Self { operations: Vec::new(), fragments: BTreeMap::new() };
        for file in files {
            let text = fs::read_to_string(&file)?;
            match fragment_name(&text) {
                Some(name) => {
                    read.fragments.insert(name.to_owned(), text);
                }
                None => read.operations.push((file, text)),
            }
        }
        Ok(read)
    }

    /// How many operations there are.
    pub(crate) const fn count(&self) -> usize {
        self.operations.len()
    }

    /// The operations that `schema` cannot serve.
    pub(crate) fn broken(&self, schema: &ServedSchema) -> Vec<BrokenOperation> {
        let check = |(file, text): &(PathBuf, String)| {
            let problems = self.problems(schema, text);
            (!problems.is_empty()).then(|| BrokenOperation { file: file.clone(), problems })
        };
        self.operations.iter().filter_map(check).collect()
    }

    fn problems(&self, schema: &ServedSchema, text: &str) -> Vec<String> {
        let document = match self.with_fragments(text) {
            Ok(document) => document,
            Err(missing) => return vec![format!("fragment `{missing}` is in no file")],
        };
        let Err(errors) = prepare(schema, &document, None, &Limits::default()) else { return Vec::new() };
        errors
            .iter()
            .map(|error| match error.locations.first() {
                Some(place) => format!("{}:{}: {}", place.line, place.column, error.message),
                None => error.message.clone(),
            })
            .collect()
    }

    /// The operation with all fragments that it uses behind it, so that its own lines keep their numbers.
    fn with_fragments(&self, operation: &str) -> Result<String, String> {
        let mut document = operation.to_owned();
        let mut wanted: Vec<String> = spreads(operation);
        let mut added = BTreeSet::new();
        while let Some(name) = wanted.pop() {
            if !added.insert(name.clone()) {
                continue;
            }
            let fragment = self.fragments.get(&name).ok_or(name)?;
            wanted.extend(spreads(fragment));
            document.push('\n');
            document.push_str(fragment);
        }
        Ok(document)
    }
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
