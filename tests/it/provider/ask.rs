//! Calls: what is sent again, when, and when a call or the run gives up. On a paused clock, so that times are exact.

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use harness::provider::ask::{Asker, Attempt, Breaker, GaveUp, MOST_ATTEMPTS, Patience};
use harness::provider::failure::{Failure, FailureKind, StopReason};
use harness::provider::limits::Limits;
use harness::provider::pace::Pace;
use rand::rngs::ChaCha8Rng;
use rand::{RngExt, SeedableRng};
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep};

type Sent = Result<(&'static str, Limits), Failure>;

fn failure(kind: FailureKind, retry_after: Option<u64>) -> Failure {
    Failure {
        kind,
        message: "no".to_owned(),
        status: Some(500),
        request_id: None,
        retry_after: retry_after.map(Duration::from_secs),
        limits: Limits::default(),
    }
}

fn asker(patience: Patience) -> Asker {
    Asker::new(Pace::new(64), patience, Breaker::default(), Some(5))
}

fn nobody(_: &Attempt<'_>) {}

/// When each attempt of a call is made, in seconds, where every one fails; and how the call ended.
async fn times(asker: &Asker, failure: &Failure) -> (Vec<f64>, GaveUp) {
    let begin = Instant::now();
    let times = Mutex::new(Vec::new());
    let gave_up = asker
        .ask(
            0,
            async |_| -> Sent {
                times.lock().unwrap().push(begin.elapsed().as_secs_f64());
                Err(failure.clone())
            },
            &nobody,
        )
        .await
        .unwrap_err();
    (times.into_inner().unwrap(), gave_up)
}

fn waits(times: &[f64]) -> Vec<f64> {
    times.windows(2).map(|pair| pair[1] - pair[0]).collect()
}

#[tokio::test(start_paused = true)]
async fn an_answer_says_how_many_attempts_it_took() {
    let asker = asker(Patience::default());
    let told = Mutex::new(Vec::new());
    let answer = asker
        .ask(
            0,
            async |number| -> Sent {
                if number < 3 {
                    Err(failure(FailureKind::Transient, None))
                } else {
                    Ok(("yes", Limits::default()))
                }
            },
            &|attempt| {
                told.lock()
                    .unwrap()
                    .push((attempt.number, attempt.again_after.is_some()));
            },
        )
        .await;
    assert_eq!(answer.unwrap(), ("yes", 3));
    assert_eq!(*told.lock().unwrap(), [(1, true), (2, true)]);
    assert_eq!(asker.pace().state().in_flight, 0);
}

#[tokio::test(start_paused = true)]
async fn what_cannot_go_well_is_sent_once() {
    let asker = asker(Patience::default());
    let (times, gave_up) = times(&asker, &failure(FailureKind::Request, Some(1))).await;
    assert_eq!(times, [0.0]);
    assert!(matches!(gave_up, GaveUp::Request { attempts: 1, .. }));
    assert!(!asker.pace().is_stopped());
}

#[tokio::test(start_paused = true)]
async fn what_ends_the_run_is_sent_once_and_stops_every_call() {
    let asker = asker(Patience::default());
    let spent = failure(FailureKind::Run(StopReason::Spending), None);
    let (sent, gave_up) = times(&asker, &spent).await;
    assert_eq!(sent, [0.0]);
    assert!(matches!(
        gave_up,
        GaveUp::Run {
            reason: StopReason::Spending,
            attempts: 1,
            ..
        }
    ));
    let (sent, gave_up) = times(&asker, &spent).await;
    assert!(sent.is_empty());
    assert!(matches!(gave_up, GaveUp::Stopped { attempts: 0 }));
}

#[tokio::test(start_paused = true)]
async fn waits_grow_are_spread_and_end() {
    let asker = asker(Patience::default());
    let transient = failure(FailureKind::Transient, None);
    let mut all = Vec::new();
    for _ in 0..5 {
        let (times, gave_up) = times(&asker, &transient).await;
        assert_eq!(times.len(), 8);
        assert!(matches!(gave_up, GaveUp::Attempts { attempts: 8, .. }));
        let waits = waits(&times);
        for (wait, base) in waits.iter().zip([0.5, 1.0, 2.0, 4.0, 8.0, 16.0, 30.0]) {
            // The clock of the runtime has steps of a millisecond.
            assert!(
                (base..=(2.0_f64 * base).min(30.0) + 0.002).contains(wait),
                "{waits:?}"
            );
        }
        assert!(
            // Two waits at the longest delay are alike, but for the last digit of a float.
            waits.is_sorted_by(|before, after| *before < after + 1e-9),
            "{waits:?}"
        );
        all.push(waits);
    }
    // No two calls wait alike, and the same seed gives the same waits.
    assert!(
        all.iter()
            .enumerate()
            .all(|(index, waits)| !all[..index].contains(waits))
    );
    let again = times(&self::asker(Patience::default()), &transient).await.0;
    let waits = waits(&again);
    assert!(
        waits
            .iter()
            .zip(&all[0])
            .all(|(one, other)| (one - other).abs() < 1e-6)
    );
}

#[tokio::test(start_paused = true)]
async fn no_wish_makes_more_than_ten_attempts() {
    for (wished, sent) in [(0, 1), (1, 1), (3, 3), (1_000, MOST_ATTEMPTS)] {
        let asker = asker(Patience {
            attempts: wished,
            ..Patience::default()
        });
        let (times, gave_up) = times(&asker, &failure(FailureKind::Transient, None)).await;
        assert_eq!(times.len(), sent as usize);
        assert_eq!(gave_up.attempts(), sent);
    }
    assert_eq!(MOST_ATTEMPTS, 10);
}

#[tokio::test(start_paused = true)]
async fn a_server_that_says_later_for_ever_is_asked_eight_times_and_never_early() {
    for kind in [
        FailureKind::RateLimit,
        FailureKind::Overloaded,
        FailureKind::Transient,
    ] {
        let asker = asker(Patience::default());
        let (times, gave_up) = times(&asker, &failure(kind, Some(20))).await;
        assert!(matches!(gave_up, GaveUp::Attempts { attempts: 8, .. }));
        assert_eq!(times.len(), 8);
        for (number, wait) in waits(&times).into_iter().enumerate() {
            // The server's time exactly, until the growing wait of the call itself is longer.
            let is_own = 5 <= number;
            assert!(
                if is_own {
                    (20.0..30.1).contains(&wait)
                } else {
                    (20.0..20.002).contains(&wait)
                },
                "{number}: {wait}"
            );
        }
    }
}

#[tokio::test(start_paused = true)]
async fn later_for_one_call_is_later_for_all() {
    let asker = Arc::new(asker(Patience::default()));
    let sent = Arc::new(Mutex::new(Vec::new()));
    let begin = Instant::now();
    let mut calls = JoinSet::new();
    for call in 0..40 {
        let (asker, sent) = (asker.clone(), sent.clone());
        calls.spawn(async move {
            asker
                .ask(
                    0,
                    async |number| -> Sent {
                        sent.lock().unwrap().push((begin.elapsed(), call, number));
                        sleep(Duration::from_millis(50)).await;
                        if call == 0 && number == 1 {
                            Err(failure(FailureKind::RateLimit, Some(60)))
                        } else {
                            sleep(Duration::from_millis(50)).await;
                            Ok(("yes", Limits::default()))
                        }
                    },
                    &nobody,
                )
                .await
                .unwrap()
        });
    }
    let attempts: u32 = calls
        .join_all()
        .await
        .into_iter()
        .map(|(_, attempts)| attempts)
        .sum();
    assert_eq!(attempts, 41);
    let sent = sent.lock().unwrap();
    // Sixteen are on their way when the server says "later" after 50 ms; the others follow a minute after that.
    let (before, after): (Vec<_>, Vec<_>) = sent
        .iter()
        .partition(|(at, _, _)| *at < Duration::from_millis(60_050));
    assert_eq!(before.len(), 16);
    assert!(before.iter().all(|(at, _, _)| at.is_zero()));
    assert_eq!(after.len(), 25);
}

#[tokio::test(start_paused = true)]
async fn a_server_that_asks_for_too_long_is_given_up_by_everyone() {
    let asker = Arc::new(asker(Patience::default()));
    let sent = Arc::new(AtomicU32::new(0));
    let begin = Instant::now();
    let mut calls = JoinSet::new();
    for _ in 0..18 {
        let (asker, sent) = (asker.clone(), sent.clone());
        calls.spawn(async move {
            asker
                .ask(
                    0,
                    async |_| -> Sent {
                        sent.fetch_add(1, Ordering::Relaxed);
                        Err(failure(FailureKind::RateLimit, Some(301)))
                    },
                    &nobody,
                )
                .await
                .unwrap_err()
        });
    }
    for gave_up in calls.join_all().await {
        assert!(
            matches!(gave_up, GaveUp::TooLong { asked, .. } if asked == Duration::from_secs(301)),
            "{gave_up:?}"
        );
    }
    assert_eq!(sent.load(Ordering::Relaxed), 1);
    assert_eq!(begin.elapsed(), Duration::ZERO);
    // As long as is waited for: waited for.
    let patient = self::asker(Patience {
        attempts: 2,
        ..Patience::default()
    });
    let (times, _) = times(&patient, &failure(FailureKind::RateLimit, Some(300))).await;
    assert_eq!(waits(&times).len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_server_that_is_down_stops_the_run() {
    let asker = Asker::new(
        Pace::new(4),
        Patience {
            attempts: 2,
            ..Patience::default()
        },
        Breaker::new(3),
        None,
    );
    let down = failure(FailureKind::Transient, None);
    let up = async || {
        asker
            .ask(
                0,
                async |_| -> Sent { Ok(("yes", Limits::default())) },
                &nobody,
            )
            .await
    };
    for _ in 0..5 {
        // Two in a row, then an answer; a request that is refused says nothing of the server's health.
        assert!(matches!(
            times(&asker, &down).await.1,
            GaveUp::Attempts { .. }
        ));
        times(&asker, &failure(FailureKind::Request, None)).await;
        assert!(matches!(
            times(&asker, &down).await.1,
            GaveUp::Attempts { .. }
        ));
        up().await.unwrap();
    }
    times(&asker, &down).await;
    times(&asker, &down).await;
    assert!(!asker.pace().is_stopped());
    let (_, gave_up) = times(&asker, &down).await;
    assert!(matches!(
        gave_up,
        GaveUp::Down {
            calls: 3,
            attempts: 2,
            ..
        }
    ));
    assert!(asker.pace().is_stopped());
    assert!(matches!(up().await, Err(GaveUp::Stopped { attempts: 0 })));
}

#[tokio::test(start_paused = true)]
async fn a_stop_ends_waits_between_attempts() {
    let asker = Arc::new(asker(Patience::default()));
    let call = tokio::spawn({
        let asker = asker.clone();
        async move { times(&asker, &failure(FailureKind::Transient, Some(200))).await }
    });
    sleep(Duration::from_secs(1)).await;
    let before = Instant::now();
    asker.pace().stop();
    let (times, gave_up) = call.await.unwrap();
    assert_eq!(before.elapsed(), Duration::ZERO);
    assert_eq!(times.len(), 1);
    assert!(matches!(gave_up, GaveUp::Stopped { attempts: 1 }));
}

#[tokio::test(start_paused = true)]
async fn two_thousand_calls_end_well_though_three_in_ten_attempts_fail() {
    // A call that fails eight times in a row is 0.3^8: of 2,000 calls 0.13 are to be expected, and of these draws none is one.
    let asker = Arc::new(Asker::new(
        Pace::new(64),
        Patience::default(),
        Breaker::default(),
        Some(1),
    ));
    let draws = Arc::new(Mutex::new(ChaCha8Rng::seed_from_u64(7)));
    let told_until = Arc::new(Mutex::new(Instant::now()));
    let sent = Arc::new(AtomicU32::new(0));
    let mut calls = JoinSet::new();
    for _ in 0..2_000 {
        let (asker, draws, told_until, sent) = (
            asker.clone(),
            draws.clone(),
            told_until.clone(),
            sent.clone(),
        );
        calls.spawn(async move {
            asker
                .ask(
                    100,
                    async |_| -> Sent {
                        assert!(*told_until.lock().unwrap() <= Instant::now(), "sent early");
                        sent.fetch_add(1, Ordering::Relaxed);
                        sleep(Duration::from_millis(50)).await;
                        let draw = draws.lock().unwrap().random_range(0..1_000);
                        let later = || {
                            let mut told_until = told_until.lock().unwrap();
                            *told_until =
                                (*told_until).max(Instant::now() + Duration::from_secs(1));
                            Some(1)
                        };
                        match draw {
                            0..60 => Err(failure(FailureKind::RateLimit, later())),
                            60..90 => Err(failure(FailureKind::RateLimit, None)),
                            90..130 => Err(failure(FailureKind::Overloaded, None)),
                            130..300 => Err(failure(FailureKind::Transient, None)),
                            _ => Ok(("yes", Limits::default())),
                        }
                    },
                    &nobody,
                )
                .await
        });
    }
    let ends = calls.join_all().await;
    let attempts: u32 = ends
        .iter()
        .map(|end| {
            let (answer, attempts) = end.as_ref().unwrap();
            assert_eq!(*answer, "yes");
            assert!(*attempts <= 8);
            attempts
        })
        .sum();
    assert_eq!(ends.len(), 2_000);
    assert_eq!(attempts, sent.load(Ordering::Relaxed));
    // 2,000 / 0.7 = 2,857; five standard deviations of the negative binomial are 175.
    assert!((2_682..3_032).contains(&attempts), "{attempts}");
}

#[test]
fn what_a_call_says_when_it_gives_up() {
    let last = || Box::new(failure(FailureKind::Transient, None));
    let said: Vec<String> = [
        GaveUp::Request {
            failure: last(),
            attempts: 1,
        },
        GaveUp::Run {
            reason: StopReason::Key,
            failure: last(),
            attempts: 1,
        },
        GaveUp::Attempts {
            failure: last(),
            attempts: 8,
        },
        GaveUp::TooLong {
            asked: Duration::from_secs(3_600),
            longest: Duration::from_secs(300),
            failure: None,
            attempts: 0,
        },
        GaveUp::Down {
            calls: 20,
            failure: Some(last()),
            attempts: 8,
        },
        GaveUp::Down {
            calls: 20,
            failure: None,
            attempts: 0,
        },
        GaveUp::Stopped { attempts: 2 },
    ]
    .iter()
    .map(ToString::to_string)
    .collect();
    insta::assert_snapshot!(said.join("\n---\n"));
}
