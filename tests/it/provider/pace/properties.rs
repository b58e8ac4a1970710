//! What holds whatever the server does.

use super::{JoinSet, limited};

use std::sync::{Arc, Mutex};
use std::time::Duration;

use harness::provider::limits::{Limits, Window};
use harness::provider::pace::{Outcome, Pace};
use proptest::prelude::*;
use tokio::time::{Instant, sleep};

fn milliseconds(most: u64) -> impl Strategy<Value = Duration> {
    (0..most).prop_map(Duration::from_millis)
}

fn limits() -> impl Strategy<Value = Limits> {
    let window = || {
        proptest::option::of((0_u64..50, 0_u64..60, milliseconds(20_000)).prop_map(
            |(limit, remaining, reset)| Window {
                limit,
                remaining,
                reset,
            },
        ))
    };
    (window(), window()).prop_map(|(requests, input_tokens)| Limits {
        requests,
        input_tokens,
        output_tokens: None,
    })
}

fn outcome() -> impl Strategy<Value = Outcome> {
    prop_oneof![
        6 => limits().prop_map(Outcome::Well),
        1 => proptest::option::of(milliseconds(9_000)).prop_map(limited),
        1 => proptest::option::of(milliseconds(9_000)).prop_map(|retry_after| Outcome::Overloaded { retry_after }),
        1 => Just(Outcome::Failed),
        1 => Just(Outcome::Dropped),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn bounds_and_waits_hold_and_everyone_gets_a_turn(
        most in 1_usize..40,
        script in proptest::collection::vec((outcome(), milliseconds(3_000), 0_u64..40), 1..150),
    ) {
        let calls = script.len();
        let started = tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .start_paused(true)
            .build()
            .unwrap()
            .block_on(async move {
                let pace = Pace::new(most);
                let told_until = Arc::new(Mutex::new(Instant::now()));
                let mut tasks = JoinSet::new();
                for (outcome, takes, tokens) in script {
                    let (pace, told_until) = (pace.clone(), told_until.clone());
                    tasks.spawn(async move {
                        let turn = pace.start(tokens).await.unwrap();
                        let state = pace.state();
                        assert!(state.in_flight <= most && state.in_flight <= state.concurrency);
                        assert!(1 <= state.concurrency && state.concurrency <= most);
                        assert!(*told_until.lock().unwrap() <= Instant::now());
                        sleep(takes).await;
                        if let Outcome::RateLimited { retry_after: Some(wait), .. }
                            | Outcome::Overloaded { retry_after: Some(wait) } = outcome
                        {
                            let mut told_until = told_until.lock().unwrap();
                            *told_until = (*told_until).max(Instant::now() + wait);
                        }
                        turn.finished(&outcome);
                    });
                }
                let ended = tasks.join_all().await.len();
                assert_eq!(pace.state().in_flight, 0);
                ended
            });
        prop_assert_eq!(started, calls);
    }
}
