//! `selvedge compose --check`: the schema files are true, and no client's operation breaks.

use std::{fs, path::Path};

use tempfile::tempdir;

use crate::support::{PROJECT, run, selvedge};

fn check(schema: &Path, operations: &Path) -> (Option<i32>, String, String) {
    let mut command = selvedge(Path::new(PROJECT));
    run(command.args(["compose", "--check", "--schema"]).arg(schema).arg("--operations").arg(operations))
}

#[test]
fn the_repository_keeps_its_contract() {
    let (status, said, problems) =
        check(&Path::new(PROJECT).join("schema"), &Path::new(PROJECT).join("frontend-contract/operations"));
    assert_eq!(status, Some(0), "{said}{problems}");
}

#[test]
fn an_operation_that_would_break_is_named_with_its_field() {
    let operations = tempdir().unwrap();
    let text = "query Wrong {\n  products {\n    nodes {\n      title\n      colour\n    }\n  }\n}\n";
    fs::write(operations.path().join("Wrong.graphql"), text).unwrap();
    fs::write(operations.path().join("Right.graphql"), "query Right { products { totalCount } }").unwrap();
    let (status, _, problems) = check(&Path::new(PROJECT).join("schema"), operations.path());
    assert_eq!(status, Some(1));
    assert!(problems.contains("Wrong.graphql:5:7"), "{problems}");
    assert!(problems.contains("colour") && problems.contains("Product"), "{problems}");
    assert!(problems.contains("1 of 2 recorded operations would break"), "{problems}");
}

#[test]
fn a_schema_file_that_is_not_what_the_code_says_is_named_with_the_line() {
    let (schema, operations) = (tempdir().unwrap(), tempdir().unwrap());
    let mut command = selvedge(Path::new(PROJECT));
    command.args(["compose", "--schema"]).arg(schema.path()).arg("--operations").arg(operations.path());
    assert_eq!(run(&mut command).0, Some(0));
    assert_eq!(check(schema.path(), operations.path()).0, Some(0));
    let file = schema.path().join("api.graphql");
    let text = fs::read_to_string(&file).unwrap();
    fs::write(&file, text.replacen("type Product ", "type Produkt ", 1).replacen("type Product{", "type Produkt{", 1))
        .unwrap();
    let (status, _, problems) = check(schema.path(), operations.path());
    assert_eq!(status, Some(1));
    assert!(problems.contains("api.graphql:") && problems.contains("run `selvedge compose`"), "{problems}");
}
