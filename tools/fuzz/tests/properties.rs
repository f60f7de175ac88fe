//! Every law on the corpus and a bounded number of variations; and that a broken one is found.

use fuzz::{
    campaign::{Campaign, Failure, run_input},
    corpus,
    targets::{self, FuzzTarget},
};
use orders_worker::validation;

/// A seed that held when this was written; others are drawn by `cargo xtask fuzz`.
const SEED: u64 = 9;

fn holds(name: &str, runs: u64) {
    let target = targets::find_target(name).expect("a target");
    let corpus = corpus::read_inputs(target).expect("a corpus");
    assert!(corpus.len() >= 8, "a corpus to start with");
    let mut campaign = Campaign::start(target, corpus, SEED).unwrap_or_else(|broken| fail(&broken));
    let before = campaign.path_count();
    campaign.run(runs).unwrap_or_else(|broken| fail(&broken));
    assert!(campaign.path_count() > before, "variations go where the corpus does not");
}

fn fail<T>(broken: &Failure) -> T {
    panic!("run {}: {}\n{}", broken.run, broken.why, String::from_utf8_lossy(&broken.input))
}

#[test]
fn envelopes_satisfy_their_properties() {
    holds("envelope", 5_000);
}

#[test]
fn principals_satisfy_their_properties() {
    holds("principal", 10_000);
}

#[test]
fn orders_satisfy_their_properties() {
    holds("order", 10_000);
}

#[test]
fn products_satisfy_their_properties() {
    holds("product", 10_000);
}

#[test]
fn messages_satisfy_their_properties() {
    holds("message", 10_000);
}

#[test]
fn cursors_satisfy_their_properties() {
    holds("cursor", 10_000);
}

/// Breaks for an order whose note is empty, which no input of the corpus has.
fn planted(input: &[u8]) -> u64 {
    if let Ok(draft) = validation::parse_order(input) {
        assert!(draft.note.is_none_or(|note| !note.as_str().is_empty()), "planted");
    }
    0
}

fn found(seed: u64) -> Failure {
    let words = targets::find_target("order").expect("a target").dictionary;
    let target = FuzzTarget { name: "order", run: planted, dictionary: words };
    let corpus = corpus::read_inputs(&target).expect("a corpus");
    let mut campaign = Campaign::start(&target, corpus, seed).expect("the corpus holds");
    let broken = campaign.run(100_000).expect_err("it is found");
    assert!(run_input(&target, &broken.input).is_err(), "its input alone breaks it too");
    broken
}

#[test]
fn a_planted_panic_is_reproduced_by_its_seed() {
    let broken = found(SEED);
    assert!(broken.why.contains("planted"), "{broken:?}");
    assert_eq!(found(SEED), broken);
}

#[test]
fn a_caught_panic_is_detected() {
    let swallowed = |_: &[u8]| std::panic::catch_unwind(|| panic!("swallowed")).map_or(0, |()| 1);
    let target = FuzzTarget { name: "order", run: swallowed, dictionary: &[] };
    assert!(run_input(&target, b"any").is_err_and(|why| why.contains("swallowed")));
}

/// Too large to be varied many thousand times, so they are no part of the corpus.
#[test]
fn a_fully_invalid_body_satisfies_the_properties() {
    let many = |copy: &dyn Fn(usize) -> String| (0..2_000).map(copy).collect::<Vec<_>>().join(",");
    let order = targets::find_target("order").expect("a target");
    for body in [
        format!("{{\"lines\":[{}]}}", many(&|_| "{}".to_owned())),
        format!("{{{}}}", many(&|number| format!("\"x{number}\":0"))),
        format!("{{{}}}", many(&|number| format!("\"{number}~/\\\"\\u0001\":0"))),
        format!("{{\"{}\":0,\"{}\":0}}", "~".repeat(20_000), "\\u0001".repeat(200)),
    ] {
        run_input(order, body.as_bytes()).unwrap_or_else(|why| panic!("{why}: {body:.60}"));
    }
}

#[test]
fn too_many_header_names_do_not_panic() {
    let names: Vec<String> = (0..40_000).map(|number| format!("\"a{number}\":[\"\"]")).collect();
    let req = format!(
        r#"{{"Url":"http://h/api/things/a/1","Method":"POST","Headers":{{{}}},"Body":""}}"#,
        names.join(",")
    );
    let envelope = format!(r#"{{"Data":{{"req":{req}}},"Metadata":{{}}}}"#);
    let target = targets::find_target("envelope").expect("a target");
    run_input(target, envelope.as_bytes()).expect("the call fails, and nothing panics");
}
