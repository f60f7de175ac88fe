//! Which functions a process serves.

use std::{fs, path::Path};

use orders_worker::{host::served, limits::LIMITS};

use crate::{
    app,
    wire::{request, send, serve, sized},
};

fn names(root: Option<&Path>) -> Vec<&'static str> {
    served(root, app::functions()).unwrap().iter().map(|function| function.name).collect()
}

#[tokio::test]
async fn functions_without_a_folder_are_not_found_at_both_entrances() {
    let root = tempfile::tempdir().unwrap();
    for folder in ["Say", "Echo", "tick", "Unknown"] {
        fs::create_dir(root.path().join(folder)).unwrap();
    }
    for file in ["Say", "tick", "Unknown"] {
        fs::write(root.path().join(file).join("function.json"), "{}").unwrap();
    }
    assert_eq!(names(Some(root.path())), ["Say"]);

    let worker = serve(served(Some(root.path()), app::functions()).unwrap(), LIMITS.requests).await;
    assert_eq!(send(&worker, request("GET", "/api/say/hello", &[], "")).await.status, 200);
    assert_eq!(send(&worker, request("POST", "/api/things/a/1", &[], "x")).await.status, 404);
    assert_eq!(send(&worker, sized(&worker, "Tick", r#"{"Data":{"tick":{}}}"#)).await.status, 404);
}

#[test]
fn without_a_root_every_function_is_served() {
    assert_eq!(names(None).len(), app::functions().len());
}

#[test]
fn a_root_that_cannot_be_read_is_a_fault_that_names_the_setting() {
    let fault = served(Some(Path::new("/no/such/folder")), app::functions()).err().unwrap().to_string();
    assert!(fault.contains("/no/such/folder") && fault.contains("FUNCTIONS_APP_ROOT_PATH"), "{fault}");
}
