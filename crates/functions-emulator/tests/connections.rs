//! Which queues the connection of a binding leads to.

#![expect(clippy::unwrap_used, reason = "a test ends where something is missing")]

use functions_emulator::{
    Events,
    app::Connection,
    clock::Clock,
    queues::{ConnectionError, ConnectionFault, Connections, Queues},
};
use test_servers::azurite::Azurite;

const DEVELOPMENT: &str = "UseDevelopmentStorage=true";

fn connections(settings: &[(&str, &str)]) -> Connections {
    let settings: Vec<_> =
        settings.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    Connections::from_settings(&settings, Clock::system(), Events::new())
}

fn of(settings: &[(&str, &str)], connection: &str) -> Result<Queues, ConnectionError> {
    connections(settings).queues(&Connection::from_name(connection))
}

fn is_at_a_server(settings: &[(&str, &str)], connection: &str) -> bool {
    matches!(of(settings, connection).unwrap(), Queues::Storage(_))
}

fn account() -> String {
    Azurite::shared().unwrap().account()
}

#[test]
fn a_connection_is_found_by_each_of_its_names() {
    let uri = "http://127.0.0.1:10001/devstoreaccount1";
    for (name, value) in [
        ("WorkQueues", DEVELOPMENT),
        ("workqueues", DEVELOPMENT),
        ("AzureWebJobsWorkQueues", DEVELOPMENT),
        ("WorkQueues__queueServiceUri", uri),
        ("WorkQueues:queueServiceUri", uri),
        ("AzureWebJobsWorkQueues__queueServiceUri", uri),
    ] {
        assert!(is_at_a_server(&[(name, value)], "WorkQueues"), "{name}");
        assert!(!is_at_a_server(&[(name, value)], "OtherQueues"), "{name}");
    }
}

#[test]
fn host_storage_serves_bindings_without_a_connection() {
    let settings = [("AzureWebJobsStorage", DEVELOPMENT)];
    let connections = connections(&settings);
    assert!(matches!(connections.queues(&Connection::default()).unwrap(), Queues::Storage(_)));
    assert!(is_at_a_server(&settings, "AzureWebJobsStorage"));
    assert!(is_at_a_server(&settings, "Storage"));
    assert!(!is_at_a_server(&settings, "WorkQueues"));
}

#[test]
fn an_empty_setting_names_nothing() {
    assert!(!is_at_a_server(&[("WorkQueues", "")], "WorkQueues"));
    assert!(!is_at_a_server(&[("AzureWebJobsStorage", "")], "AzureWebJobsStorage"));
    assert!(is_at_a_server(&[("AzureWebJobsWorkQueues", ""), ("WorkQueues", DEVELOPMENT)], "WorkQueues"));
}

#[test]
fn a_connection_string_wins_over_its_parts() {
    let cloud = "https://one.queue.core.windows.net";
    assert!(is_at_a_server(
        &[("WorkQueues__queueServiceUri", cloud), ("WorkQueues", DEVELOPMENT)],
        "WorkQueues"
    ));
    let longer = [("WorkQueues", "nonsense"), ("AzureWebJobsWorkQueues__queueServiceUri", cloud)];
    let refused = of(&longer, "WorkQueues").unwrap_err();
    assert_eq!(refused.setting, "AzureWebJobsWorkQueues__queueServiceUri");
}

#[test]
fn a_remote_storage_account_is_refused() {
    for (name, value) in [
        ("WorkQueues", "DefaultEndpointsProtocol=https;AccountName=one;AccountKey=a2V5"),
        ("WorkQueues__queueServiceUri", "https://one.queue.core.windows.net"),
        ("WorkQueues__accountName", "one"),
    ] {
        let refused = of(&[(name, value)], "WorkQueues").unwrap_err();
        assert!(matches!(refused.fault, ConnectionFault::NotLocal(_)), "{refused:?}");
        assert!(refused.to_string().starts_with(&format!("{name} names ")), "{refused}");
    }
    let refused = of(&[("WorkQueues", "nonsense")], "WorkQueues").unwrap_err();
    assert!(matches!(refused.fault, ConnectionFault::NotPairs), "{refused:?}");
}

#[tokio::test]
async fn two_connections_may_name_two_accounts() {
    let (one, two) = (account(), account());
    let connections = connections(&[("One", &one), ("Two", &two), ("Again", &one)]);
    let of = |name| connections.queues(&Connection::from_name(name)).unwrap();
    of("One").put("jobs", "1".to_owned()).await.unwrap();
    of("Two").put("jobs", "2".to_owned()).await.unwrap();
    of("Three").put("jobs", "3".to_owned()).await.unwrap();
    assert_eq!(of("Again").peek("jobs").await.unwrap(), ["1"]);
    assert_eq!(of("Two").peek("jobs").await.unwrap(), ["2"]);
    assert_eq!(connections.in_process().peek("jobs")[0].text, "3");
}
