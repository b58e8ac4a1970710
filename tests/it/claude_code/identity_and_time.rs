//! Ids and time.

use super::*;

fn id(bytes: &[u8], stem: &str) -> String {
    counted(bytes, stem).0.session_id
}

#[test]
fn the_id_is_the_stem_if_it_ends_with_the_inner_id() {
    let session = exchange();
    let dated = format!("2026-01-21-{SESSION}");
    assert_eq!(id(session.bytes(), &dated), dated);
    assert_eq!(id(session.bytes(), SESSION), SESSION);
    assert_eq!(id(session.bytes(), "full"), SESSION);
    assert_eq!(id(session.bytes(), &format!("{SESSION}-copy")), SESSION);
    assert_eq!(id(b"{\"type\":\"user\"}", "full"), "full");
}

#[test]
fn of_several_inner_ids_the_last_counts_unless_the_stem_names_one() {
    let session = Transcript::new()
        .with("sessionId", "aaaa")
        .user("One")
        .with("sessionId", "bbbb")
        .user("Two");
    assert_eq!(id(session.bytes(), "full"), "bbbb");
    assert_eq!(id(session.bytes(), "2026-01-01-aaaa"), "2026-01-01-aaaa");
}

#[test]
fn active_time_is_the_sum_of_turns_where_the_client_tells() {
    let session = Transcript::new()
        .at("10:00:00.000")
        .user("Go")
        .system("turn_duration", json!({"durationMs": 61_500}))
        .at("12:00:00.000")
        .system("turn_duration", json!({"durationMs": 500}));
    let row = session.row();
    assert_eq!(row.duration_active_s, Some(62.0));
    assert_eq!(
        row.first_timestamp.as_deref(),
        Some("2026-03-01T10:00:00.000Z")
    );
    assert_eq!(
        row.last_timestamp.as_deref(),
        Some("2026-03-01T12:00:00.000Z")
    );
}

#[test]
fn else_active_time_is_the_sum_of_gaps_under_two_minutes() {
    let session = Transcript::new()
        .at("10:00:00.000")
        .user("Go")
        .at("10:01:59.999")
        .says("m1", "a")
        .at("10:03:59.999")
        .says("m2", "exactly two minutes later")
        .at("10:04:00.999")
        .says("m3", "a second later");
    assert_eq!(session.row().duration_active_s, Some(119.999 + 1.0));
}

#[test]
fn entries_written_late_neither_add_time_nor_take_it_away() {
    let session = Transcript::new()
        .at("10:00:00.000")
        .user("Go")
        .at("10:00:30.000")
        .says("m1", "a")
        .at("10:00:10.000")
        .says("m2", "late")
        .at("10:00:40.000")
        .says("m3", "b")
        .at("09:59:00.000")
        .says("m4", "very late");
    let row = session.row();
    assert_eq!(row.duration_active_s, Some(40.0));
    assert_eq!(
        row.first_timestamp.as_deref(),
        Some("2026-03-01T09:59:00.000Z")
    );
    assert_eq!(
        row.last_timestamp.as_deref(),
        Some("2026-03-01T10:00:40.000Z")
    );
}

#[test]
fn a_time_that_is_none_is_passed_over() {
    let session = Transcript::new()
        .with("timestamp", "yesterday")
        .user("Go")
        .with("timestamp", "2026-03-01T10:00:00+02:00")
        .user("Go on");
    let row = session.row();
    assert_eq!(row.prompts, 2);
    assert_eq!(
        row.first_timestamp.as_deref(),
        Some("2026-03-01T08:00:00.000Z")
    );
}
