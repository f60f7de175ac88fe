//! Which functions a process serves.

use std::{fs, path::Path};

use azure_functions_handler::{Deployed, DeploymentError};

use crate::{
    app::{self, Shared},
    wire::{request, send, sized, start},
};

/// An app root with these folders, each with a function.json.
fn root(folders: &[&str]) -> tempfile::TempDir {
    let root = tempfile::tempdir().unwrap();
    for folder in folders {
        fs::create_dir(root.path().join(folder)).unwrap();
        fs::write(root.path().join(folder).join("function.json"), "{}").unwrap();
    }
    root
}

fn deployed(root: &Path) -> Result<Deployed<Shared>, DeploymentError> {
    app::functions().deployed_in(root)
}

#[tokio::test]
async fn functions_without_a_folder_are_404_in_every_mode() {
    let root = root(&["Say"]);
    fs::create_dir(root.path().join("Echo")).unwrap();
    let deployed = deployed(root.path()).unwrap();
    assert_eq!(deployed.iter().map(|function| function.name).collect::<Vec<_>>(), ["Say"]);

    let server = start(deployed, |app| app).await;
    assert_eq!(send(&server, request("GET", "/api/say/hello", &[], "")).await.status, 200);
    assert_eq!(send(&server, request("POST", "/api/things/a/1", &[], "x")).await.status, 404);
    assert_eq!(send(&server, sized(&server, "Tick", r#"{"Data":{"tick":{}}}"#)).await.status, 404);
}

#[test]
fn a_folder_that_spells_a_name_otherwise_stops_the_start() {
    let error = deployed(root(&["Say", "tick"]).path()).err().unwrap();
    assert!(matches!(&error, DeploymentError::NotRegistered(name) if name == "tick"), "{error}");
}

#[test]
fn without_a_root_every_function_is_served() {
    let functions = app::functions();
    assert_eq!(functions.deployed().unwrap().iter().count(), functions.iter().count());
}

#[test]
fn an_unreadable_app_root_names_its_setting() {
    let error = deployed(Path::new("/no/such/folder")).err().unwrap().to_string();
    assert!(error.contains("/no/such/folder") && error.contains("FUNCTIONS_APP_ROOT_PATH"), "{error}");
}
