//! Reads the sources of a crate and checks that imports point down one list of layers. Included by the layering test of
//! every crate.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests may unwrap"
)]

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

/// Fails unless every module of the crate at `manifest_folder` stands in `layers` (from the bottom; modules of one row do
/// not import each other) and imports only from rows below its own.
pub(crate) fn assert_imports_point_down(manifest_folder: &str, layers: &[&[&str]]) {
    let sources = Path::new(manifest_folder).join("src");
    let layer_of = |module: &str| layers.iter().position(|row| row.contains(&module));
    let mut violations = Vec::new();
    let mut modules = BTreeSet::new();
    for file in rust_files(&sources) {
        let relative = file.strip_prefix(&sources).unwrap();
        let module =
            relative.components().next().unwrap().as_os_str().to_str().unwrap().trim_end_matches(".rs").to_owned();
        if module == "lib" || module == "main" {
            continue;
        }
        let Some(own) = layer_of(&module) else {
            panic!("module `{module}` has no layer: add it to LAYERS");
        };
        let text = fs::read_to_string(&file).unwrap();
        for (imported, line) in crate_imports(&text) {
            let below = layer_of(&imported).is_some_and(|layer| layer < own);
            if imported != module && !below {
                violations.push(format!("{}:{line} imports `crate::{imported}`", relative.display()));
            }
        }
        modules.insert(module);
    }
    assert!(violations.is_empty(), "imports that do not point down:\n{}", violations.join("\n"));
    let declared: BTreeSet<String> = layers.iter().copied().flatten().map(ToString::to_string).collect();
    assert_eq!(modules, declared, "LAYERS and the modules differ");
}

fn rust_files(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files.extend(rust_files(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
    files
}

/// The modules after `crate::` (also in braces) of the code before the file's tests, each with its line.
fn crate_imports(text: &str) -> Vec<(String, usize)> {
    let code = text.split("#[cfg(test)]").next().unwrap();
    let mut imports = Vec::new();
    for (start, _) in code.match_indices("crate::") {
        let line = code[..start].lines().count();
        let rest = &code[start + "crate::".len()..];
        if let Some(group) = rest.strip_prefix('{') {
            imports.extend(first_names(group).into_iter().map(|name| (name, line)));
        } else {
            imports.push((name_at(rest), line));
        }
    }
    imports
}

/// The first name of each item of a `{…}` group, whose opening brace was taken off.
fn first_names(group: &str) -> Vec<String> {
    let (mut names, mut depth, mut expects_name) = (Vec::new(), 0_i32, true);
    for (index, character) in group.char_indices() {
        match character {
            '{' => depth += 1,
            '}' if depth == 0 => break,
            '}' => depth -= 1,
            ',' if depth == 0 => expects_name = true,
            _ if expects_name && depth == 0 && !character.is_whitespace() => {
                names.push(name_at(&group[index..]));
                expects_name = false;
            }
            _ => {}
        }
    }
    names
}

fn name_at(text: &str) -> String {
    text.chars().take_while(|character| character.is_alphanumeric() || *character == '_').collect()
}

#[test]
fn the_reader_of_imports_sees_groups() {
    let text = "use crate::{bus::{A, B}, clock::Clock};\nuse crate::event::Event;\n#[cfg(test)]\nuse crate::client::X;";
    let names: Vec<String> = crate_imports(text).into_iter().map(|(name, _)| name).collect();
    assert_eq!(names, ["bus", "clock", "event"]);
}
