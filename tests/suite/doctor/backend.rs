//! The fulfilment backend, as doctor finds it.

use super::Deployment;

const BACKEND: [(&str, &str); 2] = [
    ("ORDERS_FULFILMENT_URL", "https://backend.invalid"),
    ("ORDERS_FULFILMENT_CLIENT_CERTIFICATE", "keyvault:fulfilment-client"),
];

/// All functions in one app, with its settings in Azure and these.
fn one_app(more: &[(&str, &str)]) -> Deployment {
    let whole = Deployment::whole_in_azure();
    more.iter().fold(whole, |known, (name, value)| known.set(name, value))
}

#[tokio::test]
async fn a_missing_backend_warns_or_fails() {
    let off = ("AzureWebJobs_FulfilOrder_Disabled", "true");
    let [url, certificate] = BACKEND;
    for (settings, level, told) in [
        (vec![off], "warn", "remove AzureWebJobs_FulfilOrder_Disabled"),
        (vec![("AzureWebJobs.FulfilOrder.Disabled", "1")], "warn", "set ORDERS_FULFILMENT_URL"),
        (vec![], "fail", "AzureWebJobs_FulfilOrder_Disabled=true"),
        (
            vec![(off.0, "false")],
            "fail",
            "set ORDERS_FULFILMENT_URL and ORDERS_FULFILMENT_CLIENT_CERTIFICATE",
        ),
        (vec![url, certificate], "pass", "orders are sent to this backend"),
        (vec![url, certificate, off], "warn", "remove it"),
        (vec![url, off], "fail", "ORDERS_FULFILMENT_CLIENT_CERTIFICATE"),
        (vec![certificate, off], "fail", "ORDERS_FULFILMENT_URL is not"),
    ] {
        let found = one_app(&settings).examine_from_afar().await;
        assert_eq!(found.level("C09-backend"), Some(level), "{settings:?}: {}", found.said);
        assert_eq!(found.code, Some(i32::from(level == "fail")), "{settings:?}: {}", found.said);
        assert!(found.said.contains(told), "{settings:?}: {told}: {}", found.said);
    }
    let here = Deployment::sound().only(&["FulfilOrder"]).examine_here(&[], &[]).await;
    assert_eq!(here.level("C09-backend"), Some("pass"), "a stand-in is there: {}", here.said);
    let api = Deployment::in_azure().examine_from_afar().await;
    assert_eq!(api.level("C09-backend"), None, "it carries none out: {}", api.said);
}
