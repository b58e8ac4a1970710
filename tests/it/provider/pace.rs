//! Turns: how many, in which order, and not before the server wants them. All on a paused clock, so that times are exact.

mod budgets;
mod properties;

use std::fmt::Write as _;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use harness::provider::failure::{Failure, FailureKind, StopReason};
use harness::provider::limits::{Limits, Window};
use harness::provider::pace::{NoTurn, Outcome, Pace, Turn};
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, timeout};

const WELL: Outcome = Outcome::Well(Limits {
    requests: None,
    input_tokens: None,
    output_tokens: None,
});

const LIMITED: Outcome = limited(None);

const fn limited(retry_after: Option<Duration>) -> Outcome {
    Outcome::RateLimited {
        retry_after,
        limits: Limits {
            requests: None,
            input_tokens: None,
            output_tokens: None,
        },
    }
}

fn seconds(count: u64) -> Duration {
    Duration::from_secs(count)
}

/// As many turns as are given without waiting.
async fn all_at_once(pace: &Pace) -> Vec<Turn> {
    let mut turns = Vec::new();
    while let Ok(turn) = timeout(Duration::ZERO, pace.start(0)).await {
        turns.push(turn.unwrap());
    }
    turns
}

fn finish(turns: Vec<Turn>, outcome: &Outcome) {
    for turn in turns {
        turn.finished(outcome);
    }
}

/// How long until the next turn; it is given back.
async fn until_next(pace: &Pace) -> Duration {
    let before = Instant::now();
    drop(pace.start(0).await.unwrap());
    before.elapsed()
}

#[tokio::test(start_paused = true)]
async fn slow_start_a_cut_and_recovery() {
    // The server answers after 50 ms, and has room for 100.
    let pace = Pace::new(500);
    let at_server = Arc::new(AtomicUsize::new(0));
    let trace = Arc::new(Mutex::new((String::new(), 0)));
    let begin = Instant::now();
    let mut tasks = JoinSet::new();
    for _ in 0..4_000 {
        let (pace, at_server, trace) = (pace.clone(), at_server.clone(), trace.clone());
        tasks.spawn(async move {
            loop {
                let turn = pace.start(0).await.unwrap();
                let has_room = at_server.fetch_add(1, Ordering::SeqCst) < 100;
                sleep(Duration::from_millis(50)).await;
                at_server.fetch_sub(1, Ordering::SeqCst);
                turn.finished(if has_room { &WELL } else { &LIMITED });
                let mut trace = trace.lock().unwrap();
                let concurrency = pace.state().concurrency;
                if trace.1 != concurrency {
                    trace.1 = concurrency;
                    let at = begin.elapsed().as_secs_f64();
                    writeln!(trace.0, "{at:.3} s: {concurrency}").unwrap();
                }
                if has_room {
                    return;
                }
            }
        });
    }
    tasks.join_all().await;
    insta::assert_snapshot!(trace.lock().unwrap().0);
}

#[tokio::test(start_paused = true)]
async fn it_begins_with_sixteen_or_fewer() {
    assert_eq!(all_at_once(&Pace::new(500)).await.len(), 16);
    assert_eq!(all_at_once(&Pace::new(3)).await.len(), 3);
    assert_eq!(all_at_once(&Pace::new(0)).await.len(), 1);
}

#[tokio::test(start_paused = true)]
async fn it_never_grows_above_its_bound() {
    let pace = Pace::new(40);
    for expected in [16, 32, 40, 40] {
        let turns = all_at_once(&pace).await;
        assert_eq!(turns.len(), expected);
        assert_eq!(pace.state().in_flight, expected);
        finish(turns, &WELL);
    }
}

#[tokio::test(start_paused = true)]
async fn it_does_not_grow_where_fewer_requests_are_sent_than_may_be() {
    let pace = Pace::new(500);
    for _ in 0..200 {
        pace.start(0).await.unwrap().finished(&WELL);
    }
    assert_eq!(pace.state().concurrency, 16);
}

#[tokio::test(start_paused = true)]
async fn requests_that_began_before_a_cut_do_not_cut_again() {
    let pace = Pace::new(500);
    finish(all_at_once(&pace).await, &LIMITED);
    // 16 * 0.8 = 12.8
    assert_eq!(pace.state().concurrency, 12);
    sleep(seconds(1)).await;
    finish(all_at_once(&pace).await, &LIMITED);
    // 12 * 0.8 = 9.6
    assert_eq!(pace.state().concurrency, 9);
}

#[tokio::test(start_paused = true)]
async fn it_never_falls_below_one_and_comes_back_step_by_step() {
    let pace = Pace::new(500);
    for _ in 0..20 {
        pace.start(0).await.unwrap().finished(&LIMITED);
    }
    assert_eq!(pace.state().concurrency, 1);
    sleep(seconds(30)).await;
    for expected in [1, 2, 3, 4] {
        let turns = all_at_once(&pace).await;
        assert_eq!(turns.len(), expected);
        finish(turns, &WELL);
    }
}

#[tokio::test(start_paused = true)]
async fn answers_to_requests_from_before_a_cut_do_not_count_as_a_clean_round() {
    let pace = Pace::new(500);
    let mut turns = all_at_once(&pace).await;
    turns.pop().unwrap().finished(&LIMITED);
    assert_eq!(pace.state().concurrency, 12);
    finish(turns, &WELL);
    assert_eq!(pace.state().concurrency, 12);
}

#[tokio::test(start_paused = true)]
async fn other_failures_leave_the_concurrency_as_it_is() {
    let pace = Pace::new(500);
    for _ in 0..3 {
        finish(all_at_once(&pace).await, &Outcome::Failed);
    }
    assert_eq!(pace.state().concurrency, 16);
    assert_eq!(pace.state().waiting_until, None);
}

#[tokio::test(start_paused = true)]
async fn nothing_starts_before_the_time_that_the_server_named() {
    let pace = Pace::new(500);
    let first = pace.start(0).await.unwrap();
    let second = pace.start(0).await.unwrap();
    let third = pace.start(0).await.unwrap();
    let now = Instant::now();
    first.finished(&limited(Some(seconds(7))));
    // A shorter wait does not undo a longer one, and a longer one counts though it does not cut.
    second.finished(&limited(Some(seconds(2))));
    assert_eq!(pace.state().waiting_until, Some(now + seconds(7)));
    third.finished(&Outcome::Overloaded {
        retry_after: Some(seconds(9)),
    });
    assert_eq!(pace.state().concurrency, 12);
    assert_eq!(until_next(&pace).await, seconds(9));
    assert_eq!(pace.state().waiting_until, None);
}

#[tokio::test(start_paused = true)]
async fn a_wait_without_end_is_survived() {
    let pace = Pace::new(1);
    let turn = pace.start(0).await.unwrap();
    turn.finished(&limited(Some(Duration::MAX)));
    assert!(
        timeout(seconds(86_400), pace.start(0)).await.is_err(),
        "a day is not for ever"
    );
    assert!(matches!(
        pace.start_within(0, seconds(300)).await,
        Err(NoTurn::TooLong(_))
    ));
}

#[tokio::test(start_paused = true)]
async fn cooldowns_that_nobody_named_grow_until_an_answer_comes() {
    let pace = Pace::new(1);
    for expected in [0, 1, 2, 4, 8, 16, 30, 30] {
        let before = Instant::now();
        let turn = pace.start(0).await.unwrap();
        assert_eq!(before.elapsed(), seconds(expected));
        turn.finished(&Outcome::Overloaded { retry_after: None });
    }
    pace.start(0).await.unwrap().finished(&WELL);
    pace.start(0).await.unwrap().finished(&LIMITED);
    assert_eq!(until_next(&pace).await, seconds(1));
}

#[tokio::test(start_paused = true)]
async fn turns_are_given_in_the_order_in_which_they_were_asked_for() {
    let pace = Pace::new(1);
    let first = pace.start(0).await.unwrap();
    let order = Arc::new(Mutex::new(Vec::new()));
    let mut tasks = JoinSet::new();
    for number in 0..50 {
        let (pace, order) = (pace.clone(), order.clone());
        tasks.spawn(async move {
            let turn = pace.start(0).await.unwrap();
            order.lock().unwrap().push(number);
            sleep(seconds(50 - number)).await;
            turn.finished(&WELL);
        });
    }
    sleep(seconds(1)).await;
    assert!(order.lock().unwrap().is_empty());
    first.finished(&WELL);
    tasks.join_all().await;
    assert_eq!(*order.lock().unwrap(), (0..50).collect::<Vec<u64>>());
}

#[tokio::test(start_paused = true)]
async fn a_turn_that_is_dropped_and_a_task_that_stops_waiting_hold_nobody_up() {
    let pace = Pace::new(1);
    let turn = pace.start(0).await.unwrap();
    // Two that wait and leave: one at the front, one behind.
    let mut leaving = JoinSet::new();
    for _ in 0..2 {
        let pace = pace.clone();
        leaving.spawn(async move { drop(pace.start(0).await) });
    }
    let waits = tokio::spawn({
        let pace = pace.clone();
        async move { pace.start(0).await.is_ok() }
    });
    sleep(seconds(1)).await;
    leaving.shutdown().await;
    drop(turn);
    assert!(timeout(seconds(1), waits).await.unwrap().unwrap());
    assert_eq!(pace.state().in_flight, 0);
    assert_eq!(pace.state().concurrency, 1);
}

#[tokio::test(start_paused = true)]
async fn stop_ends_every_wait_at_once() {
    let pace = Pace::new(2);
    let under_way = pace.start(0).await.unwrap();
    pace.start(0)
        .await
        .unwrap()
        .finished(&limited(Some(seconds(100))));
    let mut waiting = JoinSet::new();
    for _ in 0..10 {
        let pace = pace.clone();
        waiting.spawn(async move { pace.start(0).await.map(drop) });
    }
    let told = tokio::spawn({
        let pace = pace.clone();
        async move { pace.stopped().await }
    });
    sleep(seconds(1)).await;
    assert!(!pace.is_stopped() && !told.is_finished());
    let before = Instant::now();
    pace.stop();
    for end in waiting.join_all().await {
        assert_eq!(end, Err(NoTurn::Stopped));
    }
    told.await.unwrap();
    assert_eq!(before.elapsed(), Duration::ZERO);
    assert_eq!(pace.start(0).await.map(drop), Err(NoTurn::Stopped));
    // What is on its way may end.
    assert_eq!(pace.state().in_flight, 1);
    under_way.finished(&WELL);
    assert_eq!(pace.state().in_flight, 0);
}

#[test]
fn failures_say_what_they_mean_for_the_pace() {
    let window = Window {
        limit: 9,
        remaining: 0,
        reset: seconds(5),
    };
    let mut failure = Failure {
        kind: FailureKind::RateLimit,
        message: String::new(),
        status: Some(429),
        request_id: None,
        retry_after: Some(seconds(3)),
        limits: Limits {
            requests: Some(window),
            ..Limits::default()
        },
    };
    assert_eq!(
        Outcome::from(&failure),
        Outcome::RateLimited {
            retry_after: Some(seconds(3)),
            limits: failure.limits,
        }
    );
    failure.kind = FailureKind::Overloaded;
    assert_eq!(
        Outcome::from(&failure),
        Outcome::Overloaded {
            retry_after: Some(seconds(3)),
        }
    );
    for kind in [
        FailureKind::Transient,
        FailureKind::Request,
        FailureKind::Run(StopReason::Spending),
    ] {
        failure.kind = kind;
        assert_eq!(Outcome::from(&failure), Outcome::Failed);
    }
}
