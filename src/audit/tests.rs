//! How denials are logged, and when they are only counted.

use serde_json::{Value, json};

use super::*;
use crate::{orders::ActorKind, telemetry::tests::lines, vault::VaultError};

fn start() -> Instant {
    Clock.instant()
}

fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

fn caller(object: u128) -> DeniedCaller {
    DeniedCaller::Authenticated {
        owner: Owner { tenant: Uuid::from_u128(1), object: Uuid::from_u128(object) },
        kind: "user",
    }
}

fn denial(caller: DeniedCaller, reason: &'static str) -> Denial {
    Denial { reason, caller, order: None, identity_mismatch: false }
}

fn named<'l>(lines: &'l [Value], event: &str) -> Vec<&'l Value> {
    lines.iter().filter(|line| line["event"] == event).collect()
}

#[test]
fn a_denial_tells_why_and_about_which_order() {
    let order = Some(Uuid::from_u128(7));
    let lines = lines(|| {
        let audit = Audit::default();
        audit.record_denial(Denial { order, ..denial(caller(2), "not-in-sight") }, start());
        audit.record_denial(
            Denial { identity_mismatch: true, ..denial(DeniedCaller::Anonymous, "object-disagrees") },
            start(),
        );
    });
    assert_eq!((&lines[0]["event"], &lines[0]["level"]), (&json!("denied"), &json!("WARN")));
    assert_eq!(lines[0]["reason"], "not-in-sight");
    assert_eq!(lines[0]["order_id"], "00000000-0000-0000-0000-000000000007");
    assert_eq!((&lines[1]["event"], &lines[1]["level"]), (&json!("identity-mismatch"), &json!("ERROR")));
    assert_eq!(lines[1].get("order_id"), None);
}

#[test]
fn denials_beyond_ten_a_minute_share_one_line() {
    let (audit, start) = (Audit::default(), start());
    let told = lines(|| (0..250).for_each(|_| audit.record_denial(denial(caller(2), "role-missing"), start)));
    assert_eq!((told.len(), named(&told, "denied").len()), (10, 10));
    let early = lines(|| audit.flush_ended(start + seconds(59)));
    assert_eq!(early.len(), 0, "the minute is not over");
    let counted = lines(|| audit.flush_ended(start + seconds(60)));
    let [line] = &counted[..] else { panic!("one line: {counted:?}") };
    assert_eq!((&line["event"], &line["count"]), (&json!("denials-suppressed"), &json!(240)));
    assert_eq!((&line["reason"], &line["caller_kind"]), (&json!("role-missing"), &json!("user")));
    assert_eq!(line["object_id"], "00000000-0000-0000-0000-000000000002");
    assert_eq!(lines(|| audit.flush()).len(), 0, "what was told is not told again");
}

#[test]
fn the_next_minute_logs_ten_lines_and_the_last_count() {
    let (audit, start) = (Audit::default(), start());
    lines(|| (0..11).for_each(|_| audit.record_denial(denial(caller(2), "role-missing"), start)));
    let told = lines(|| {
        (0..11).for_each(|_| audit.record_denial(denial(caller(2), "role-missing"), start + seconds(60)));
        audit.flush_ended(start + seconds(61));
    });
    let counted = named(&told, "denials-suppressed");
    assert_eq!((counted.len(), named(&told, "denied").len()), (1, 10));
    assert_eq!(counted[0]["count"], 1);
}

#[test]
fn other_callers_and_other_reasons_keep_their_own_lines() {
    let (audit, start) = (Audit::default(), start());
    let told = lines(|| {
        for (caller, reason) in
            [(caller(2), "role-missing"), (caller(3), "role-missing"), (caller(2), "rate-limited")]
        {
            (0..12).for_each(|_| audit.record_denial(denial(caller, reason), start));
        }
    });
    assert_eq!(named(&told, "denied").len(), 30);
}

#[test]
fn anonymous_callers_count_as_one() {
    let (audit, start) = (Audit::default(), start());
    let told = lines(|| {
        (0..25).for_each(|_| audit.record_denial(denial(DeniedCaller::Anonymous, "bearer-missing"), start));
        audit.flush();
    });
    let counted = named(&told, "denials-suppressed");
    assert_eq!((named(&told, "denied").len(), counted.len()), (10, 1));
    assert_eq!((&counted[0]["caller_kind"], counted[0].get("object_id")), (&json!("anonymous"), None));
    assert_eq!(counted[0]["count"], 15);
}

#[test]
fn denials_of_any_number_of_callers_are_counted() {
    let (audit, start) = (Audit::default(), start());
    let callers = 3 * MAX_WINDOWS as u64;
    let told = lines(|| {
        for object in 0..callers {
            audit.record_denial(denial(caller(object.into()), "role-missing"), start);
        }
        assert!(audit.counts().windows.len() <= MAX_WINDOWS + 1);
        audit.flush();
    });
    let counted = named(&told, "denials-suppressed");
    assert_eq!(counted.len(), 1);
    assert_eq!(counted[0]["caller_kind"], "others");
    let lines_of_their_own = named(&told, "denied").len() as u64;
    assert_eq!(lines_of_their_own + counted[0]["count"].as_u64().unwrap(), callers);
}

#[test]
fn ended_windows_make_room() {
    let (audit, start) = (Audit::default(), start());
    let told = lines(|| {
        for object in 0..MAX_WINDOWS as u128 {
            audit.record_denial(denial(caller(object), "role-missing"), start);
        }
        (0..20)
            .for_each(|_| audit.record_denial(denial(caller(1 << 40), "role-missing"), start + seconds(60)));
        audit.flush();
    });
    assert_eq!(named(&told, "denials-suppressed")[0]["caller_kind"], "user");
}

#[test]
fn a_look_up_tells_the_secrets_name_and_what_became_of_it() {
    let name = "cup".parse().unwrap();
    let outcomes = [
        (None, "found"),
        (Some(VaultError::NotFound), "missing"),
        (Some(VaultError::Forbidden), "forbidden"),
        (Some(VaultError::NotValidNow), "unavailable"),
        (Some(VaultError::Unavailable { retry_after: None }), "unavailable"),
    ];
    for (refused, outcome) in outcomes {
        let lines = lines(|| secret_looked_up(&name, refused.as_ref(), ActorKind::User));
        let [line] = &lines[..] else { panic!("one line: {lines:?}") };
        assert_eq!((&line["event"], &line["level"]), (&json!("secret-looked-up"), &json!("INFO")));
        assert_eq!([&line["secret"], &line["outcome"], &line["actor"]], ["cup", outcome, "user"]);
    }
}
