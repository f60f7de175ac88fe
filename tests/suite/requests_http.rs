//! `requests.http`: one request for each operation of the description, for the REST clients of editors.

use std::{env, fmt::Write as _, fs};

use serde_json::Value;

use crate::support::{document, repository};

const HEAD: &str = "\
# One request for each function, written by `cargo xtask generate` from docs/openapi.json.
# `cargo xtask dev` serves; `cargo xtask token buyer` prints a token, `cargo xtask token admin` one of an administrator.
@host = http://localhost:7071/api
@token = paste-a-token-here
@id = 01890a5d-ac96-774b-bcce-b302099a8057
@sku = ESPRESSO-1KG
";

/// The file as the description has it.
fn requests() -> String {
    let mut file = HEAD.to_owned();
    for (path, methods) in document()["paths"].as_object().expect("paths") {
        for (method, operation) in methods.as_object().expect("methods") {
            file += &request(&method.to_uppercase(), path, operation);
        }
    }
    file
}

fn request(method: &str, path: &str, operation: &Value) -> String {
    let text = |name: &str| operation[name].as_str().expect("a text");
    let path = path.replace('{', "{{").replace('}', "}}");
    let mut lines = format!(
        "\n### {}: {}\n# @name {}\n{method} {{{{host}}}}{path}\n",
        text("operationId"),
        text("summary"),
        text("operationId")
    );
    if operation["security"].as_array().is_some_and(|security| !security.is_empty()) {
        lines += "Authorization: Bearer {{token}}\n";
    }
    let required = operation["parameters"]
        .as_array()
        .into_iter()
        .flatten()
        .filter(|parameter| parameter["in"] == "header" && parameter["required"] == true);
    for parameter in required {
        let name = parameter["name"].as_str().expect("a name");
        writeln!(lines, "{name}: \"1\"").expect("a text takes everything");
    }
    let body = &operation["requestBody"]["content"]["application/json"]["examples"]["typical"]["value"];
    if !body.is_null() {
        write!(lines, "Content-Type: application/json\n\n{body:#}\n").expect("a text takes everything");
    }
    lines
}

#[test]
fn requests_http_matches_the_api_description() {
    let file = repository().join("requests.http");
    if env::var_os("REWRITE").is_some() {
        fs::write(&file, requests()).expect("the file can be written");
    }
    let committed = fs::read_to_string(&file).unwrap_or_default();
    assert_eq!(committed, requests(), "run `cargo xtask generate`");
}
