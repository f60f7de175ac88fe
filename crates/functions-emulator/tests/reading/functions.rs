//! Function folders.

use functions_emulator::app::{AuthLevel, DataType, TriggerKind};

use crate::{HOST, HTTP, load, names, timer, with_bindings, with_triggers};

#[test]
fn a_level_or_type_of_any_spelling_is_taken() {
    for (level, expected) in
        [("\"SYSTEM\"", AuthLevel::System), ("\"user\"", AuthLevel::User), ("4", AuthLevel::Admin)]
    {
        let app = with_triggers(HOST, &[("hello", &format!("\"AuthLevel\": {level}"))]).unwrap();
        assert!(
            matches!(app.functions[0].trigger.kind, TriggerKind::Http { auth_level, .. } if auth_level == expected)
        );
    }
    for (kind, expected) in [
        ("\"stream\"", DataType::Stream),
        ("\"Binary\"", DataType::Binary),
        ("\"undefined\"", DataType::Unset),
        ("null", DataType::Unset),
    ] {
        let app = with_triggers(HOST, &[("hello", &format!("\"dataType\": {kind}"))]).unwrap();
        assert_eq!(app.functions[0].trigger.data_type, expected, "{kind}");
    }
    for wrong in [
        "\"authLevel\": \"guest\"",
        "\"authLevel\": null",
        "\"dataType\": \"text\"",
        "\"methods\": \"get\"",
        "\"direction\": \"inwards\"",
    ] {
        assert!(with_triggers(HOST, &[("hello", wrong)]).is_err(), "{wrong}");
    }
}

#[test]
fn names_of_bindings_are_those_that_the_host_takes() {
    for name in ["my_req", "1st", "", "a-b"] {
        let refusal =
            with_bindings(&format!("{{\"type\": \"httpTrigger\", \"name\": \"{name}\"}}")).unwrap_err();
        assert!(refusal.contains("no name of a binding"), "{name}: {refusal}");
    }
    assert!(with_bindings("{\"type\": \"httpTrigger\", \"name\": \"$return\"}").is_err());
}

#[test]
fn the_member_disabled_does_nothing_but_a_warning() {
    for member in ["true", "\"SETTING\"", "1"] {
        let json = HTTP.replace("\"bindings\"", &format!("\"disabled\": {member}, \"bindings\""));
        let app = load(&[("host.json", HOST), ("hello/function.json", &json)], &[]).unwrap();
        assert_eq!(names(&app), ["hello"]);
        assert!(app.warnings[0].contains("AzureWebJobs_hello_Disabled=true"), "{:?}", app.warnings);
    }
}

#[test]
fn a_setting_disables_a_function() {
    let files = [("host.json", HOST), ("hello/function.json", HTTP), ("other/function.json", HTTP)];
    for name in ["AzureWebJobs.hello.Disabled", "AzureWebJobs_hello_Disabled", "azurewebjobs_HELLO_disabled"]
    {
        let app = load(&files, &[(name, "1")]).unwrap();
        assert_eq!((names(&app), app.disabled.len()), (vec!["other"], 1), "{name}");
    }
    assert_eq!(load(&files, &[("AzureWebJobs_hello_Disabled", "yes")]).unwrap().functions.len(), 2);
}

#[test]
fn settings_with_two_underscores_stand_for_names_with_colons() {
    let queue =
        |name: &str| format!("{{\"type\": \"queueTrigger\", \"name\": \"job\", \"queueName\": \"{name}\"}}");
    let with = |name: &str, settings: &[(&str, &str)]| {
        let json = format!("{{\"bindings\": [{}]}}", queue(name));
        load(&[("host.json", HOST), ("take/function.json", &json)], settings)
    };
    for (name, setting) in [("%Queues:Jobs%", "Queues__Jobs"), ("%a:b:c%", "a__b__c"), ("%Plain%", "PLAIN")] {
        let app = with(name, &[(setting, "jobs-in")]).unwrap();
        assert!(
            matches!(&app.functions[0].trigger.kind, TriggerKind::Queue { queue, .. } if queue == "jobs-in"),
            "{name}"
        );
    }
    assert!(with("%Queues:Jobs%", &[]).unwrap_err().contains("Queues:Jobs"));
    assert!(with("50%", &[]).unwrap_err().contains("percent sign"));
}

#[test]
fn schedules_are_those_of_ncrontab() {
    for schedule in [
        "0 */5 * * * *",
        "*/5 * * * *",
        "0 0 9 * * FRI-MON",
        "0 0 9 * January Mond",
        "0 */0 * * * *",
        "25:00:00:00",
        "1.00:00:00",
    ] {
        assert!(timer(schedule).is_ok(), "{schedule}");
    }
    for schedule in [
        "0 0 9 * * 7",
        "0 0 0 1/1 * ? *",
        "@daily",
        "0 0 9 L * *",
        "0 0 9 * * 1#2",
        "60 * * * * *",
        "00:00:00",
        "",
    ] {
        let refusal = timer(schedule).unwrap_err();
        assert!(
            refusal.contains("hello/function.json") && refusal.contains("runs the others"),
            "{schedule}: {refusal}"
        );
    }
    for (schedule, word) in [("0 0 22-6 * * *", "22-6"), ("24:00:00", "24 days"), ("5", "5 days")] {
        assert!(timer(schedule).unwrap().warnings[0].contains(word), "{schedule}");
    }
}

#[test]
fn a_script_file_has_to_be_there() {
    let json =
        |script: &str| HTTP.replace("\"bindings\"", &format!("\"scriptFile\": \"{script}\", \"bindings\""));
    let with = |script: &str| {
        load(&[("host.json", HOST), ("hello/function.json", &json(script)), ("dist/run.js", "")], &[])
    };
    assert!(with("../dist/run.js").is_ok() && with("").is_ok() && with("function.json").is_ok());
    for script in ["run.js", "dist/run.js", ".."] {
        assert!(with(script).unwrap_err().contains("scriptFile"), "{script}");
    }
}

#[test]
fn inputs_and_outputs_of_other_services_stop_no_function() {
    let app = with_bindings(
        "{\"type\": \"httpTrigger\", \"name\": \"req\"}, {\"type\": \"blob\", \"direction\": \"in\", \"name\": \"picture\"}, \
         {\"type\": \"cosmosDB\", \"direction\": \"out\", \"name\": \"doc\"}, {\"type\": \"http\", \"direction\": \"out\", \"name\": \"res\"}",
    )
    .unwrap();
    let function = &app.functions[0];
    assert_eq!((function.inputs[0].binding.as_str(), function.outputs.len()), ("picture", 2));
    assert!(!function.is_http_in_out());
}
