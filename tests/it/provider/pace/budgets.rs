//! Limits of requests and tokens, as headers tell them.

use super::{JoinSet, all_at_once, seconds};

use std::sync::{Arc, Mutex};
use std::time::Duration;

use harness::provider::limits::{Limits, Window};
use harness::provider::pace::{Outcome, Pace};
use tokio::time::{Instant, sleep, timeout};

fn window(limit: u64, remaining: u64, reset: u64) -> Window {
    Window {
        limit,
        remaining,
        reset: seconds(reset),
    }
}

fn requests(limit: u64, remaining: u64, reset: u64) -> Outcome {
    Outcome::Well(Limits {
        requests: Some(window(limit, remaining, reset)),
        ..Limits::default()
    })
}

fn tokens(limit: u64, remaining: u64, reset: u64) -> Outcome {
    Outcome::Well(Limits {
        input_tokens: Some(window(limit, remaining, reset)),
        ..Limits::default()
    })
}

/// A pace that has heard of a limit and has nothing on its way.
async fn told(outcome: Outcome) -> Pace {
    let pace = Pace::new(100);
    pace.start(0).await.unwrap().finished(&outcome);
    pace
}

async fn wait_for(pace: &Pace, tokens: u64) -> Duration {
    let before = Instant::now();
    drop(pace.start(tokens).await.unwrap());
    before.elapsed()
}

#[tokio::test(start_paused = true)]
async fn no_more_requests_start_than_are_left_before_the_reset() {
    let pace = told(requests(60, 3, 30)).await;
    let turns = all_at_once(&pace).await;
    assert_eq!(turns.len(), 3);
    let before = Instant::now();
    let fourth = pace.start(0).await.unwrap();
    assert_eq!(before.elapsed(), seconds(30));
    assert_eq!(pace.state().in_flight, 4);
    drop((turns, fourth));
}

#[tokio::test(start_paused = true)]
async fn the_next_header_corrects_what_is_left() {
    let pace = told(requests(60, 2, 3_000)).await;
    let mut turns = all_at_once(&pace).await;
    assert_eq!(turns.len(), 2);
    turns.pop().unwrap().finished(&requests(60, 6, 3_000));
    // Six are left, one is still on its way.
    turns.extend(all_at_once(&pace).await);
    assert_eq!(turns.len(), 6);
    // One that ends without a header was counted all the same.
    turns.pop().unwrap().finished(&Outcome::Failed);
    assert_eq!(all_at_once(&pace).await.len(), 0);
}

#[tokio::test(start_paused = true)]
async fn the_progress_line_hears_what_is_waited_for() {
    let pace = told(requests(60, 1, 30)).await;
    let until = Instant::now() + seconds(30);
    let turn = pace.start(0).await.unwrap();
    assert!(timeout(seconds(1), pace.start(0)).await.is_err());
    assert_eq!(pace.state().waiting_until, Some(until));
    drop(turn);
}

#[tokio::test(start_paused = true)]
async fn tokens_on_their_way_count_as_used() {
    let pace = told(tokens(100_000, 50_000, 60)).await;
    let first = pace.start(30_000).await.unwrap();
    assert!(timeout(seconds(1), pace.start(30_000)).await.is_err());
    // A request that reads everything from the cache needs nothing of it.
    let second = timeout(Duration::ZERO, pace.start(0))
        .await
        .unwrap()
        .unwrap();
    first.finished(&tokens(100_000, 40_000, 60));
    assert_eq!(wait_for(&pace, 30_000).await, Duration::ZERO);
    drop(second);
}

#[tokio::test(start_paused = true)]
async fn with_nothing_on_its_way_it_waits_for_a_steady_refill() {
    // 40,000 come in 40 s, so that 10,000 come in 10 s.
    let pace = told(tokens(50_000, 10_000, 40)).await;
    assert_eq!(wait_for(&pace, 20_000).await, seconds(10));
    // One of 60 a second, and 60 s until all are there.
    let pace = told(requests(60, 0, 60)).await;
    assert_eq!(wait_for(&pace, 0).await, seconds(1));
}

#[tokio::test(start_paused = true)]
async fn a_request_larger_than_the_limit_waits_for_a_full_bucket_and_starts() {
    let pace = told(tokens(50_000, 10_000, 40)).await;
    assert_eq!(wait_for(&pace, 80_000).await, seconds(40));
}

#[tokio::test(start_paused = true)]
async fn a_minute_of_silence_is_enough() {
    let pace = told(requests(200, 0, 86_400)).await;
    assert_eq!(wait_for(&pace, 0).await, seconds(60));
}

#[tokio::test(start_paused = true)]
async fn without_headers_there_is_no_budget() {
    let pace = told(Outcome::Well(Limits::default())).await;
    let mut turns = Vec::new();
    for _ in 0..16 {
        turns.push(
            timeout(Duration::ZERO, pace.start(u64::MAX))
                .await
                .unwrap()
                .unwrap(),
        );
    }
    drop(turns);
    // A server that fills in zeros says nothing either.
    assert_eq!(
        wait_for(&told(requests(0, 0, 60)).await, 0).await,
        Duration::ZERO
    );
}

/// A bucket as the providers describe theirs: it fills steadily, and a request takes from it or is refused.
struct Bucket {
    limit: f64,
    level: f64,
    per_second: f64,
    at: Instant,
    refused: usize,
}

impl Bucket {
    fn new(limit: f64, per_second: f64) -> Self {
        Self {
            limit,
            level: limit,
            per_second,
            at: Instant::now(),
            refused: 0,
        }
    }

    fn take(&mut self, cost: f64) {
        self.fill();
        if self.level < cost {
            self.refused += 1;
        } else {
            self.level -= cost;
        }
    }

    fn fill(&mut self) {
        let gained = self.at.elapsed().as_secs_f64() * self.per_second;
        self.level = (self.level + gained).min(self.limit);
        self.at = Instant::now();
    }

    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "levels of a test are small and not negative"
    )]
    fn window(&mut self) -> Window {
        self.fill();
        Window {
            limit: self.limit as u64,
            remaining: self.level.floor() as u64,
            reset: Duration::from_secs_f64(((self.limit - self.level) / self.per_second).ceil()),
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_server_with_small_limits_never_has_to_refuse() {
    // 60 requests and 60,000 tokens a minute; 400 calls of 1,500 tokens need ten minutes, less what was there at first.
    let pace = Pace::new(64);
    let server = Arc::new(Mutex::new((
        Bucket::new(60.0, 1.0),
        Bucket::new(60_000.0, 1_000.0),
    )));
    let begin = Instant::now();
    let mut tasks = JoinSet::new();
    for _ in 0..400 {
        let (pace, server) = (pace.clone(), server.clone());
        tasks.spawn(async move {
            let turn = pace.start(1_500).await.unwrap();
            {
                let mut server = server.lock().unwrap();
                server.0.take(1.0);
                server.1.take(1_500.0);
            }
            sleep(seconds(2)).await;
            let limits = {
                let mut server = server.lock().unwrap();
                Limits {
                    requests: Some(server.0.window()),
                    input_tokens: Some(server.1.window()),
                    output_tokens: None,
                }
            };
            turn.finished(&Outcome::Well(limits));
        });
    }
    tasks.join_all().await;
    let server = server.lock().unwrap();
    assert_eq!((server.0.refused, server.1.refused), (0, 0));
    // 600,000 tokens less the 60,000 at first, at 1,000 a second.
    let least = 540.0;
    let took = begin.elapsed().as_secs_f64();
    assert!(
        (least..least * 1.1).contains(&took),
        "{took} s, where {least} s are possible"
    );
}
