//! Which callers the settings of a deployment keep out, and what the log learns.

use std::sync::{Arc, Mutex};

use tracing::{
    Subscriber,
    field::{Field, Visit},
    span::{Attributes, Id, Record},
};
use tracing_subscriber::{Layer, layer::Context, prelude::*};

use super::*;
use crate::policy::{AccessDenied, AccessScope, ListAllOrders, WriteProduct};

fn allowing(clients: &[Uuid]) -> IdentitySettings {
    IdentitySettings { allowed_clients: Some(clients.to_vec()), ..settings() }
}

#[test]
fn callers_of_another_tenant_are_refused() {
    let ours = IdentitySettings { tenant: Some(OTHER), ..settings() };
    assert_eq!(ask_by(ours.clone(), &headers(&person())).err(), Some("tenant-foreign"));
    assert_eq!(ask_by(ours, &headers(&program())).err(), Some("tenant-foreign"));
}

#[test]
fn without_a_tenant_roles_stay_inside_their_own_tenant() {
    let admin = with(person(), &[("roles", "OrderAdmin"), ("roles", "OrderProcessor")]);
    let caller = ask(&headers(&admin)).unwrap();
    let scope = caller.permit::<ListAllOrders>().unwrap().scope();
    assert_eq!(scope, AccessScope::Tenant(TENANT));
    assert_eq!(caller.permit::<WriteProduct>().err(), Some(AccessDenied::TenantNotConfigured));
    let ours = IdentitySettings { tenant: Some(TENANT), ..settings() };
    assert!(ask_by(ours, &headers(&admin)).unwrap().permit::<WriteProduct>().is_ok());
}

#[test]
fn the_audience_is_compared_where_one_is_set() {
    let of = |audience: &str| IdentitySettings {
        mode: IdentityMode::EasyAuth { audience: Some(audience.to_owned()) },
        ..settings()
    };
    let for_us = headers(&with(person(), &[("aud", "us")]));
    assert!(ask_by(of("us"), &for_us).is_ok());
    for (audience, headers) in [("them", &for_us), ("US", &for_us), ("us", &headers(&person()))] {
        assert_eq!(ask_by(of(audience), headers).err(), Some("audience-foreign"), "{audience}");
    }
    assert!(ask(&for_us).is_ok(), "where none is set it is not looked at");
}

#[test]
fn both_token_versions_name_the_allowed_client() {
    let v1 = with(without(person(), "azp"), &[("appid", &CLIENT.to_string())]);
    assert!(ask_by(allowing(&[OTHER, CLIENT]), &headers(&person())).is_ok());
    assert!(ask_by(allowing(&[CLIENT]), &headers(&v1)).is_ok());
}

#[test]
fn a_client_that_is_not_allowed_is_refused() {
    assert_eq!(ask_by(allowing(&[OTHER]), &headers(&person())).err(), Some("client-not-allowed"));
    let unnamed = without(person(), "azp");
    assert_eq!(ask_by(allowing(&[CLIENT]), &headers(&unnamed)).err(), Some("client-missing"));
    assert!(ask(&headers(&unnamed)).is_ok());
}

#[test]
fn the_list_of_clients_is_for_users_alone() {
    assert!(ask_by(allowing(&[OTHER]), &headers(&program())).is_ok());
}

#[test]
fn a_refusal_says_nothing_to_the_client() {
    let identity = Identity::new(settings()).unwrap();
    let refused =
        identity.authenticate(&HeaderMap::new(), DateTime::UNIX_EPOCH).now_or_never().unwrap().unwrap_err();
    assert_eq!(refused.to_string(), "the caller could not be identified");
}

/// Keeps what spans are given after their start.
#[derive(Clone, Default)]
struct Recorded(Arc<Mutex<Vec<(String, String)>>>);

impl<S: Subscriber> Layer<S> for Recorded {
    fn on_new_span(&self, _: &Attributes<'_>, _: &Id, _: Context<'_, S>) {}

    fn on_record(&self, _: &Id, values: &Record<'_>, _: Context<'_, S>) {
        values.record(&mut self.clone());
    }
}

impl Visit for Recorded {
    fn record_debug(&mut self, field: &Field, value: &dyn std::fmt::Debug) {
        self.0.lock().unwrap().push((field.name().to_owned(), format!("{value:?}")));
    }
}

fn recorded(headers: &HeaderMap) -> Vec<(String, String)> {
    let recorded = Recorded::default();
    tracing::subscriber::with_default(tracing_subscriber::registry().with(recorded.clone()), || {
        let empty = tracing::field::Empty;
        let span = tracing::info_span!(
            "invocation",
            tenant_id = empty,
            object_id = empty,
            caller_kind = empty,
            denied = empty
        );
        let _refusal_or_caller = span.in_scope(|| ask(headers));
    });
    let fields = recorded.0.lock().unwrap();
    fields.clone()
}

#[test]
fn the_log_has_tenant_object_and_kind_of_a_caller() {
    let expected = [
        ("tenant_id", TENANT.to_string()),
        ("object_id", PERSON.to_string()),
        ("caller_kind", "\"user\"".to_owned()),
    ];
    assert_eq!(recorded(&headers(&person())), expected.map(|(name, text)| (name.to_owned(), text)));
}

#[test]
fn the_log_learns_why_a_caller_was_refused() {
    assert_eq!(recorded(&HeaderMap::new()), [("denied".to_owned(), "\"bearer-missing\"".to_owned())]);
}
