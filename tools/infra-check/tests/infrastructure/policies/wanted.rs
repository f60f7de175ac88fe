//! What every request passes at the gateway, exactly and in this sequence.

use infra_check::policy::{Element, read};

/// The policies of the two operations that have their own, by the operation: reviewed copies, compared exactly,
/// because one changed condition can let everybody pass.
const OWN: [(&str, &str); 2] = [
    ("ListProducts", include_str!("list-products.xml")),
    ("ProcessOrder", include_str!("process-order.xml")),
];

/// Where no condition is around it, inside `inbound`, before anything of one operation.
const INBOUND: &str = include_str!("inbound.xml");

/// Headers that only the platform or the gateway may set, so a caller's are removed.
const STRIPPED: [&str; 18] = [
    "X-MS-CLIENT-PRINCIPAL",
    "X-MS-CLIENT-PRINCIPAL-ID",
    "X-MS-CLIENT-PRINCIPAL-NAME",
    "X-MS-CLIENT-PRINCIPAL-IDP",
    "X-MS-TOKEN-AAD-ID-TOKEN",
    "X-MS-TOKEN-AAD-ACCESS-TOKEN",
    "X-MS-TOKEN-AAD-REFRESH-TOKEN",
    "X-MS-TOKEN-AAD-EXPIRES-ON",
    "X-MS-AUTH-TOKEN",
    "X-ZUMO-AUTH",
    "X-ARR-ClientCert",
    "X-ARR-SSL",
    "X-ARR-LOG-ID",
    "X-Forwarded-Client-Cert",
    "X-Azure-Functions-InvocationId",
    "X-Azure-FDID",
    "Cookie",
    "Ocp-Apim-Subscription-Key",
];

/// Headers that show a caller which software answers.
const TELLING: [&str; 7] = [
    "Server",
    "X-Powered-By",
    "X-AspNet-Version",
    "X-AspNetMvc-Version",
    "X-Azure-Functions-InvocationId",
    "X-Azure-Functions-HostVersion",
    "Request-Context",
];

/// The policies that a request meets in every operation; `entry` says who may reach the gateway at all.
pub(super) fn inbound(entry: Element) -> Vec<Element> {
    let mut all = read(INBOUND).expect("it is XML").children;
    let place = all.iter().position(|one| one.name == "entry").expect("the place of the entry");
    all[place] = entry;
    all.extend(STRIPPED.map(delete));
    all.push(key());
    all
}

/// The policy that an operation has of its own.
pub(super) fn own(operation: &str) -> Option<Element> {
    let (_, text) = OWN.iter().find(|(name, _)| *name == operation)?;
    Some(read(text).expect("it is XML"))
}

/// The policies that an answer meets in every operation.
pub(super) fn outbound() -> Vec<Element> {
    TELLING.map(delete).into()
}

/// The one policy by which a request leaves the gateway.
pub(super) fn backend() -> Vec<Element> {
    read(r#"<backend><forward-request timeout="15" follow-redirects="false" /></backend>"#)
        .expect("XML")
        .children
}

/// Only these addresses.
pub(super) fn by_address() -> Element {
    let text = r#"<ip-filter action="allow"><address-range from="192.0.2.1" to="192.0.2.9" /></ip-filter>"#;
    read(text).expect("it is XML")
}

/// The policy that lets only requests from our Front Door pass.
pub(super) fn by_front_door(id: &str) -> Element {
    let text = format!(
        r#"<check-header name="X-Azure-FDID" failed-check-httpcode="403" failed-check-error-message="Forbidden" ignore-case="true"><value>{id}</value></check-header>"#
    );
    read(&text).expect("it is XML")
}

fn delete(header: &str) -> Element {
    read(&format!(r#"<set-header name="{header}" exists-action="delete" />"#)).expect("it is XML")
}

fn key() -> Element {
    let text = r#"<set-header name="x-functions-key" exists-action="override"><value>{{function-key}}</value></set-header>"#;
    read(text).expect("it is XML")
}
