//! `selvedge compose`: the schema files out of the code, and the check that they are true.

use std::{
    fs,
    path::{Path, PathBuf},
};

use clap::Args;
use selvedge_gateway::{
    contract::RecordedOperations,
    schema::{ServedSchema, SubgraphSdl, compose},
};

use crate::{assemble::SubgraphName, console, failure::Failure};

#[derive(Debug, Args)]
pub(super) struct Options {
    /// Change nothing; fail when a file is not what the code says, or when a recorded operation would break.
    #[arg(long)]
    check: bool,
    /// Where the schema files are.
    #[arg(long, value_name = "DIR", default_value = "schema")]
    schema: PathBuf,
    /// Where the recorded client operations are.
    #[arg(long, value_name = "DIR", default_value = "frontend-contract/operations")]
    operations: PathBuf,
}

pub(super) fn run(options: &Options) -> Result<(), Failure> {
    let sdls: Vec<SubgraphSdl> = SubgraphName::ALL
        .into_iter()
        .map(|name| SubgraphSdl {
            name: name.as_str().to_owned(),
            url: format!("http://{}/graphql", name.default_address()),
            sdl: name.sdl(),
        })
        .collect();
    let supergraph = compose(&sdls).map_err(|error| Failure::operation("the subgraphs do not compose", &error))?;
    let served = ServedSchema::from_supergraph_sdl(&supergraph)
        .map_err(|error| Failure::operation("the supergraph cannot be served", &error))?;
    let mut files: Vec<(PathBuf, String)> = sdls
        .into_iter()
        .map(|subgraph| (format!("subgraphs/{}.graphql", subgraph.name).into(), subgraph.sdl))
        .collect();
    files.push(("supergraph.graphql".into(), supergraph));
    files.push(("api.graphql".into(), served.api_sdl().to_owned()));

    let mut in_order =
        if options.check { check_files(&options.schema, &files) } else { write_files(&options.schema, &files)? };
    in_order &= check_operations(&options.operations, &served)?;
    if in_order { Ok(()) } else { Err(Failure::CheckFailed) }
}

fn write_files(folder: &Path, files: &[(PathBuf, String)]) -> Result<bool, Failure> {
    for (name, text) in files {
        let path = folder.join(name);
        let write = || {
            fs::create_dir_all(path.parent().unwrap_or(folder))?;
            fs::write(&path, with_newline(text))
        };
        write().map_err(|error: std::io::Error| {
            Failure::operation(format!("cannot write `{}`", path.display()), &error)
        })?;
        console::say(format_args!("wrote {}", path.display()));
    }
    Ok(true)
}

fn check_files(folder: &Path, files: &[(PathBuf, String)]) -> bool {
    let mut current = true;
    for (name, text) in files {
        let path = folder.join(name);
        let on_disk = fs::read_to_string(&path).unwrap_or_default();
        let expected = with_newline(text);
        if on_disk != expected {
            current = false;
            let (line, found, wanted) = first_difference(&on_disk, &expected);
            console::warn(format_args!(
                "{}:{line}: is not what the code says; run `selvedge compose`\n  file: {found}\n  code: {wanted}",
                path.display()
            ));
        }
    }
    if current {
        console::say(format_args!("{} schema files are what the code says", files.len()));
    }
    current
}

fn check_operations(folder: &Path, schema: &ServedSchema) -> Result<bool, Failure> {
    let operations = RecordedOperations::read(folder)
        .map_err(|error| Failure::operation("the recorded operations cannot be checked", &error))?;
    let broken = operations.broken(schema);
    for operation in &broken {
        for problem in &operation.problems {
            console::warn(format_args!("{}:{problem}", operation.origin));
        }
    }
    if broken.is_empty() {
        console::say(format_args!("{} recorded operations are served by this schema", operations.count()));
    } else {
        console::warn(format_args!("{} of {} recorded operations would break", broken.len(), operations.count()));
    }
    Ok(broken.is_empty())
}

fn with_newline(text: &str) -> String {
    if text.ends_with('\n') { text.to_owned() } else { format!("{text}\n") }
}

fn first_difference<'a>(found: &'a str, wanted: &'a str) -> (usize, &'a str, &'a str) {
    let mut wanted_lines = wanted.lines();
    let mut found_lines = found.lines();
    let mut number = 0;
    loop {
        number += 1;
        match (found_lines.next(), wanted_lines.next()) {
            (None, None) => return (number, "", ""),
            (left, right) if left != right => {
                return (number, left.unwrap_or("(end of file)"), right.unwrap_or("(end of file)"));
            }
            _ => {}
        }
    }
}
