//! J21: the header of one and the token of another, in each mode.

use super::*;
use crate::identity::IdentityMode::{EasyAuthAndJwt, Jwt};

/// A good token and the header that the platform would make of it.
fn both(world: &World, principal: &[(String, String)]) -> HeaderMap {
    let mut headers = headers(principal);
    headers.insert(AUTHORIZATION, bearing(&world.good())[AUTHORIZATION].clone());
    headers
}

fn instead(name: &str, value: Uuid) -> Vec<(String, String)> {
    with(without(person(), name), &[(name, &value.to_string())])
}

#[tokio::test]
async fn j21_header_and_token_that_agree_are_let_in() {
    let world = World::with(EasyAuthAndJwt, None).await;
    let caller = world.identity.authenticate(&both(&world, &person()), *NOW).await.unwrap();
    assert_eq!((caller.tenant, caller.object), (TENANT, PERSON));
    let long = [(LONG_TID, TENANT), (LONG_OID, PERSON), ("azp", CLIENT)];
    let long: Vec<_> = long.map(|(name, id)| (name.to_owned(), id.to_string())).into();
    assert_eq!(world.does::<PlaceOrder>(&both(&world, &long), *NOW).await, (200, ""));
}

#[tokio::test]
async fn j21_the_header_of_one_and_the_token_of_another_is_401() {
    let world = World::with(EasyAuthAndJwt, None).await;
    for (name, reason) in
        [("tid", "tenant-disagrees"), ("oid", "object-disagrees"), ("azp", "client-disagrees")]
    {
        let headers = both(&world, &instead(name, OTHER));
        assert_eq!(world.does::<PlaceOrder>(&headers, *NOW).await, (401, reason));
        let refused = world.identity.authenticate(&headers, *NOW).await.unwrap_err();
        assert!(refused.is_identity_mismatch() && !refused.is_temporary());
    }
    let unnamed = both(&world, &without(person(), "azp"));
    assert_eq!(world.does::<PlaceOrder>(&unnamed, *NOW).await, (401, "client-disagrees"));
}

#[tokio::test]
async fn j21_header_and_token_are_both_required_by_default() {
    let world = World::with(EasyAuthAndJwt, None).await;
    let mut header = headers(&person());
    assert_eq!(world.does::<PlaceOrder>(&header, *NOW).await, (401, "token-malformed"), "with any bearer");
    header.remove(AUTHORIZATION);
    assert_eq!(world.does::<PlaceOrder>(&header, *NOW).await, (401, "bearer-missing"));
    assert_eq!(world.asks(&world.good()).await, (401, "principal-missing"));
    assert_eq!(world.issuer.times(), 0, "the issuer is not asked about what cannot hold");
}

#[tokio::test]
async fn j21_rights_come_from_the_token_whatever_the_header_says() {
    let world = World::with(EasyAuthAndJwt, None).await;
    let boastful = both(&world, &with(person(), &[("roles", "OrderProcessor")]));
    assert_eq!(world.does::<QueueOrder>(&boastful, *NOW).await, (403, "denied"));
    let mut modest = both(&world, &person());
    let staff = world.claiming(&json!({"roles": ["OrderProcessor"]}));
    modest.insert(AUTHORIZATION, bearing(&staff)[AUTHORIZATION].clone());
    assert_eq!(world.does::<QueueOrder>(&modest, *NOW).await, (200, ""));
}

#[tokio::test]
async fn j21_mode_jwt_ignores_the_header() {
    let world = World::with(Jwt, None).await;
    let mut headers = both(&world, &instead("oid", OTHER));
    append(&mut headers, PRINCIPAL, "%%%");
    append(&mut headers, "x-ms-client-principal-idp", "google");
    let caller = world.identity.authenticate(&headers, *NOW).await.unwrap();
    assert_eq!(caller.object, PERSON);
    assert_eq!(world.asks(&world.good()).await, (200, ""));
    headers.remove(AUTHORIZATION);
    assert_eq!(world.does::<PlaceOrder>(&headers, *NOW).await, (401, "bearer-missing"));
}

#[tokio::test]
async fn the_list_of_clients_holds_in_the_default_mode_too() {
    let world = World::with(EasyAuthAndJwt, Some(&[OTHER])).await;
    let headers = both(&world, &person());
    assert_eq!(world.does::<PlaceOrder>(&headers, *NOW).await, (401, "client-not-allowed"));
}
