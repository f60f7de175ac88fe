//! Who the claims say it is.

use super::*;
use crate::identity::{CallerKind, Role};

const IN_SCOPE: CallerKind = CallerKind::User { has_scope: true };

#[test]
fn a_person_is_known_by_tenant_and_object_id() {
    let caller = ask(&headers(&person())).unwrap();
    assert_eq!((caller.tenant, caller.object, caller.kind), (TENANT, PERSON, IN_SCOPE));
    assert_eq!(caller.roles, []);
}

#[test]
fn the_long_spelling_of_every_claim_means_the_same() {
    let long = with(
        Vec::new(),
        &[
            (LONG_TID, &TENANT.to_string()),
            (LONG_OID, &PERSON.to_string()),
            (LONG_SUB, "pairwise"),
            (LONG_SCP, "Orders.ReadWrite"),
            (LONG_ROLE, "OrderAdmin"),
            (LONG_IDP, "https://sts.windows.net/elsewhere/"),
        ],
    );
    let caller = ask(&headers(&long)).unwrap();
    assert_eq!((caller.tenant, caller.object, caller.kind), (TENANT, PERSON, IN_SCOPE));
    assert_eq!(caller.roles, [Role::OrderAdmin]);
}

#[test]
fn both_spellings_at_once_are_fine_while_they_agree() {
    let both = with(
        person(),
        &[(LONG_TID, &TENANT.to_string()), (LONG_OID, &PERSON.to_string()), (LONG_SCP, "Orders.ReadWrite")],
    );
    assert!(ask(&headers(&both)).is_ok());
}

#[test]
fn a_guest_from_another_provider_is_a_user_of_our_tenant() {
    let guest = with(person(), &[("idp", "https://sts.windows.net/22222222-2222-4222-8222-222222222222/")]);
    let ours = IdentitySettings { tenant: Some(TENANT), ..settings() };
    assert_eq!(ask_by(ours, &headers(&guest)).unwrap().kind, IN_SCOPE);
}

#[test]
fn several_roles_are_all_held_in_either_spelling() {
    let staff =
        with(person(), &[("roles", "OrderProcessor"), ("roles", "Reader"), (LONG_ROLE, "OrderAdmin")]);
    assert_eq!(ask(&headers(&staff)).unwrap().roles, [Role::OrderProcessor, Role::OrderAdmin]);
}

#[test]
fn a_role_counts_only_in_its_exact_spelling() {
    for close in ["orderadmin", "OrderAdmin ", " OrderAdmin", "OrderAdmin,OrderProcessor", "[\"OrderAdmin\"]"]
    {
        let claims = with(person(), &[("roles", close), ("role", "OrderAdmin"), ("Roles", "OrderAdmin")]);
        assert_eq!(ask(&headers(&claims)).unwrap().roles, [], "{close:?}");
    }
}

#[test]
fn the_scope_is_one_word_among_blanks_compared_exactly() {
    let rows = [
        ("Orders.ReadWrite", true),
        ("profile Orders.ReadWrite", true),
        ("  Orders.ReadWrite  email", true),
        ("orders.readwrite", false),
        ("Orders.ReadWrite.All", false),
        ("Orders.Read", false),
        ("profile,Orders.ReadWrite", false),
    ];
    for (scope, has_scope) in rows {
        let claims = with(without(person(), "scp"), &[("scp", scope)]);
        assert_eq!(ask(&headers(&claims)).unwrap().kind, CallerKind::User { has_scope }, "{scope:?}");
    }
}

#[test]
fn a_program_is_told_by_its_kind_and_the_lack_of_a_scope() {
    let caller = ask(&headers(&with(program(), &[("roles", "OrderProcessor")]))).unwrap();
    assert_eq!((caller.kind, caller.roles), (CallerKind::App, vec![Role::OrderProcessor]));
}

#[test]
fn a_person_may_be_called_one() {
    assert_eq!(ask(&headers(&with(person(), &[("idtyp", "user")]))).unwrap().kind, IN_SCOPE);
}

#[test]
fn what_is_neither_person_nor_program_is_refused() {
    let rows = [
        ("an id token: no scope, no kind", without(person(), "scp")),
        ("roles do not make a program", with(without(person(), "scp"), &[("roles", "OrderProcessor")])),
        ("a program with a scope", with(person(), &[("idtyp", "app")])),
        ("a program with an empty scope", with(program(), &[("scp", "")])),
        ("an empty scope", with(without(person(), "scp"), &[("scp", "")])),
        ("a scope of blanks", with(without(person(), "scp"), &[("scp", "   ")])),
        ("a device", with(without(person(), "scp"), &[("idtyp", "device")])),
        ("a kind in capitals", with(without(person(), "scp"), &[("idtyp", "APP")])),
        ("a person without scope", with(without(person(), "scp"), &[("idtyp", "user")])),
    ];
    for (attack, claims) in rows {
        assert_eq!(ask(&headers(&claims)).err(), Some("kind-unclear"), "{attack}");
    }
}
