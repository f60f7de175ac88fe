//! Writing products on a condition.

use crate::{
    orders::{Precondition, Product},
    store::{Store, WriteError},
};

use super::{HOSTILE, administrator, at, first, permit, product, put, write_context};

store_contract!(
    a_new_product_starts_at_version_1,
    a_missing_product_matches_no_version,
    replacing_a_product_requires_its_version,
    one_of_two_concurrent_replacements_wins,
    hostile_names_are_stored_verbatim,
);

async fn shelf(store: &dyn Store) -> Vec<Product> {
    store.list_products(&permit(&administrator()), &first(100)).await.unwrap().items
}

async fn a_new_product_starts_at_version_1(store: &dyn Store) {
    for (sku, precondition) in [("A", Precondition::None), ("B", Precondition::Absent)] {
        let draft = product(sku, 7);
        let written = put(store, &draft, precondition).await;
        let product = written.unwrap();
        assert_eq!((product.version, product.updated_at, product.active), (1, at(0), true));
        assert_eq!((&product.sku, &product.name), (&draft.sku, &draft.name));
        assert_eq!((product.currency, product.unit_price), (draft.currency, draft.unit_price));
        assert_eq!(shelf(store).await.last(), Some(&product));
    }
}

async fn a_missing_product_matches_no_version(store: &dyn Store) {
    for precondition in [Precondition::Version(1), Precondition::UnknownVersion] {
        assert!(matches!(put(store, &product("A", 7), precondition).await, Err(WriteError::NotFound)));
    }
    assert!(shelf(store).await.is_empty());
}

async fn replacing_a_product_requires_its_version(store: &dyn Store) {
    put(store, &product("A", 7), Precondition::None).await.unwrap();
    let before = shelf(store).await;
    let mut changed = product("A", 8);
    changed.active = false;
    let none = put(store, &changed, Precondition::None).await;
    assert!(matches!(none, Err(WriteError::PreconditionRequired)), "{none:?}");
    for wrong in [
        Precondition::Absent,
        Precondition::Version(2),
        Precondition::Version(0),
        Precondition::UnknownVersion,
    ] {
        let written = put(store, &changed, wrong).await;
        assert!(matches!(written, Err(WriteError::PreconditionFailed)), "{wrong:?}: {written:?}");
    }
    assert_eq!(shelf(store).await, before);

    let right = Precondition::Version(1);
    let written = store.put_product(&permit(&administrator()), &changed, right, write_context(9)).await;
    let product = written.unwrap();
    assert_eq!((product.version, product.updated_at), (2, at(9)));
    assert_eq!((product.unit_price.get(), product.active), (8, false));
    assert_eq!(shelf(store).await, [product]);
}

async fn one_of_two_concurrent_replacements_wins(store: &dyn Store) {
    put(store, &product("A", 7), Precondition::None).await.unwrap();
    let (one, other) = (product("A", 8), product("A", 9));
    let version = Precondition::Version(1);
    let outcome = tokio::join!(put(store, &one, version), put(store, &other, version));
    assert!(
        matches!(
            outcome,
            (Ok(_), Err(WriteError::PreconditionFailed)) | (Err(WriteError::PreconditionFailed), Ok(_))
        ),
        "{outcome:?}"
    );
}

async fn hostile_names_are_stored_verbatim(store: &dyn Store) {
    for (index, text) in HOSTILE.iter().enumerate() {
        let mut draft = product(&format!("P-{index:02}"), 7);
        draft.name = text.parse().unwrap();
        put(store, &draft, Precondition::None).await.unwrap();
    }
    let names: Vec<_> = shelf(store).await.into_iter().map(|product| product.name.to_string()).collect();
    assert_eq!(names, HOSTILE);
}
