//! host.json, and JSON itself.

use std::time::Duration;

use functions_emulator::app::{App, MessageEncoding};
use functions_lint::Settings;

use crate::{HOST, HTTP, folder, load, names, prefixed, with_host};

#[test]
fn json_is_read_as_json_net_reads_it() {
    let lenient = [
        "{\n// first\n'version': '2.0', /* the program */ customHandler: {description: {defaultExecutablePath: 'worker',},},}",
        "\u{feff}{\"version\": \"1.0\", \"version\": \"2.0\", \"customHandler\": {\"description\": {\"defaultExecutablePath\": \"worker\"}}}",
        "{\"version\": \"2.0\", \"CustomHandler\": {\"Description\": {\"DEFAULTEXECUTABLEPATH\": \"worker\"}}} // end",
    ];
    for host in lenient {
        let function = "{bindings: [{'type': 'httpTrigger', name: 'req', methods: ['get',],}, {type: 'http', direction: 'OUT', name: 'res'},],}";
        let app = load(&[("host.json", host), ("hello/function.json", function)], &[]).unwrap();
        assert_eq!(names(&app), ["hello"], "{host}");
    }
}

#[test]
fn files_in_utf_16_are_read() {
    for big in [true, false] {
        let encode = |text: &str| -> Vec<u8> {
            let units = "\u{feff}".encode_utf16().chain(text.encode_utf16()).collect::<Vec<_>>();
            units.iter().flat_map(|unit| if big { unit.to_be_bytes() } else { unit.to_le_bytes() }).collect()
        };
        let (host, function) = (encode(HOST), encode(HTTP));
        let folder = folder(&[("host.json", &host), ("hello/function.json", &function)]);
        assert_eq!(names(&App::load(folder.path(), &[]).unwrap()), ["hello"]);
    }
}

#[test]
fn a_syntax_error_is_told_with_its_line() {
    let refusal = with_host("{\n  \"version\": \"2.0\"\n  \"customHandler\": {}\n}").unwrap_err();
    assert!(refusal.contains("host.json is not valid JSON: line 3, column 3"), "{refusal}");
    let refusal =
        load(&[("host.json", HOST), ("hello/function.json", "{\n \"bindings\": [}\n")], &[]).unwrap_err();
    assert!(refusal.contains("hello/function.json is not valid JSON: line 2, column 15"), "{refusal}");
}

#[test]
fn the_version_has_to_be_the_text_of_the_file_itself() {
    for version in ["2.0", "2", "\"2\"", "\"3.0\"", "\" 2.0\"", "null", "true"] {
        let refusal = with_host(&HOST.replace("\"2.0\"", version)).unwrap_err();
        assert!(refusal.contains("\"version\"") && refusal.contains("503"), "{version}: {refusal}");
    }
    let host = HOST.replace("version", "Version");
    let settings = [("AzureFunctionsJobHost__version", "2.0")];
    assert!(load(&[("host.json", &host), ("hello/function.json", HTTP)], &settings).is_err());
    let empty = with_host("{}").unwrap_err();
    assert!(empty.contains("defaultExecutablePath") && !empty.contains("\"version\""), "{empty}");
}

#[test]
fn arguments_of_any_scalar_become_texts() {
    let host = HOST.replace(
        "\"worker\"",
        "\"worker\", \"arguments\": [\"--workers\", 4, true, 1.50, 0x10, \"2026-03-02T11:20:31Z\", {\"a\": 1}, null]",
    );
    let (_, arguments) = with_host(&host)
        .unwrap()
        .host
        .custom_handler
        .command_line
        .expand_for_start(&Settings::default(), &[]);
    assert_eq!(arguments, ["--workers", "4", "True", "1.5", "16", "03/02/2026", "11:20:31"]);
}

#[test]
fn null_in_host_json_is_the_empty_text() {
    assert_eq!(with_host(&prefixed("null")).unwrap().host.route_prefix, "");
    assert!(with_host(&HOST.replace("\"version\"", "\"functionTimeout\": null, \"version\"")).is_ok());
    for wrong in ["\"enableForwardingHttpRequest\"", "\"initializationTimeout\""] {
        let host = HOST.replace("\"description\"", &format!("{wrong}: null, \"description\""));
        assert!(with_host(&host).unwrap_err().contains(wrong.trim_matches('"')), "{wrong}");
    }
}

#[test]
fn an_empty_list_of_functions_limits_nothing() {
    for (list, served) in [("[]", 1), ("{}", 1), ("[\"HELLO\"]", 1), ("[\"other\"]", 0)] {
        let app =
            with_host(&HOST.replace("\"version\"", &format!("\"functions\": {list}, \"version\""))).unwrap();
        assert_eq!(app.functions.len(), served, "{list}");
    }
}

#[test]
fn an_empty_custom_handler_yields_to_http_worker() {
    let host = "{\"version\": \"2.0\", \"customHandler\": {\"description\": {}}, \"httpWorker\": {\"description\": {\"defaultExecutablePath\": \"x\"}}}";
    assert!(with_host(host).unwrap().host.custom_handler.is_legacy);
}

#[test]
fn unbindable_values_are_refused_with_their_position() {
    let cases = [
        ("\"enableForwardingHttpRequest\": \"yes\"", "enableForwardingHttpRequest must be true or false"),
        ("\"initializationTimeout\": \"soon\"", "initializationTimeout must be a time span"),
        ("\"type\": \"grpc\"", "type must be \"None\" or \"Http\""),
        ("\"port\": 70000", "port must be a whole number from 1 to 65535"),
    ];
    for (member, expected) in cases {
        let refusal =
            with_host(&HOST.replace("\"description\"", &format!("{member}, \"description\""))).unwrap_err();
        assert!(
            refusal.contains(expected) && refusal.contains("line 1, column") && refusal.contains("503"),
            "{refusal}"
        );
    }
}

#[test]
fn queue_options_are_looked_at_where_a_queue_is() {
    let host = HOST.replace(
        "\"version\"",
        "\"extensions\": {\"queues\": {\"batchSize\": 64, \"messageEncoding\": 0}}, \"version\"",
    );
    assert_eq!(with_host(&host).unwrap().host.queues.encoding, MessageEncoding::None);
    let queue = "{\"bindings\": [{\"type\": \"queueTrigger\", \"name\": \"job\", \"queueName\": \"jobs\"}]}";
    for (member, name) in [
        ("\"batchSize\": 64", "batchSize"),
        ("\"newBatchThreshold\": -1", "newBatchThreshold"),
        ("\"maxDequeueCount\": 0", "maxDequeueCount"),
        ("\"maxPollingInterval\": \"00:00:00.05\"", "maxPollingInterval"),
        ("\"visibilityTimeout\": \"1 minute\"", "visibilityTimeout"),
        ("\"messageEncoding\": \"utf-8\"", "messageEncoding"),
    ] {
        let host = HOST
            .replace("\"version\"", &format!("\"extensions\": {{\"queues\": {{{member}}}}}, \"version\""));
        let refusal = load(&[("host.json", &host), ("take/function.json", queue)], &[]).unwrap_err();
        assert!(refusal.contains(name), "{refusal}");
    }
}

#[test]
fn a_bare_number_is_days_and_is_told_so() {
    let timeout = |value: &str| {
        with_host(&HOST.replace("\"version\"", &format!("\"functionTimeout\": {value}, \"version\"")))
    };
    assert_eq!(timeout("24").unwrap().host.function_timeout, Duration::from_hours(24 * 24));
    assert!(timeout("24").unwrap().warnings[0].contains("24 days"));
    assert_eq!(timeout("\"0:10\"").unwrap().host.function_timeout, Duration::from_mins(10));
    for unlimited in ["-1", "\"-1\"", "\"-1.00:00:00\""] {
        assert!(
            timeout(unlimited).unwrap().host.function_timeout > Duration::from_hours(24 * 24),
            "{unlimited}"
        );
    }
    for (value, word) in [
        ("25", "days"),
        ("300", "days"),
        ("\"25.00:00:00\"", "24.20:30:23"),
        ("\"00:00:00.5\"", "at least a second"),
        ("0", "days"),
        ("\"5m\"", "time span"),
    ] {
        assert!(timeout(value).unwrap_err().contains(word), "{value}");
    }
}
