//! Every fault of the fake provider, its limits, and what it notices of its clients.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::{anthropic, ask, client, question, send, text};
use crate::fake::Fake;
use crate::fake::faults::{Fault, Faults, Rule};
use crate::fake::ledger::Delivery;
use crate::fake::limits::RateLimits;
use crate::fake::plan::Plan;

fn with_fault(fault: Fault) -> Fake {
    Fake::start(Plan::new().faults(Faults::none().rule(Rule::always(fault).times(1))))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn faults_of_transport_come_once_and_the_answer_stays_the_same() {
    let body = question("a session");
    let plain = ask(&Fake::start(Plan::new()), &body).await.json();
    let status = |status, fault| (fault, Some(status));
    let faults = [
        status(529, Fault::status(529)),
        status(429, Fault::rate_limit(7)),
        status(429, Fault::spend_cap()),
        status(502, Fault::Html(502)),
        status(200, Fault::ErrorUnderOk),
        (Fault::Reset, None),
        (Fault::Truncated, None),
        status(200, Fault::Delay(Duration::from_millis(30))),
        status(
            200,
            Fault::Drip {
                bytes: 400,
                pause: Duration::from_millis(5),
            },
        ),
    ];
    for (fault, expected) in faults {
        let fake = with_fault(fault.clone());
        let client = client();
        let started = Instant::now();
        let first = send(anthropic(&client, &fake, "messages", &body)).await;
        assert_eq!(
            first.as_ref().ok().map(|got| got.status),
            expected,
            "{fault:?}"
        );
        if let Ok(got) = first {
            match &fault {
                Fault::Status {
                    retry_after, code, ..
                } => {
                    let told = got
                        .headers
                        .get("retry-after")
                        .map(|value| value.to_str().unwrap());
                    assert_eq!(told, retry_after.as_deref());
                    assert_eq!(
                        got.json()["error"]["details"]["error_code"].as_str(),
                        code.as_deref()
                    );
                    assert_eq!(got.json()["request_id"], got.header("request-id"));
                }
                Fault::Html(_) => assert!(got.text.starts_with("<!DOCTYPE html>")),
                Fault::ErrorUnderOk => assert_eq!(got.json()["type"], "error"),
                _ => {
                    assert_eq!(text(&got.json()), text(&plain), "{fault:?}");
                    assert!(5 < started.elapsed().as_millis(), "{fault:?} is slow");
                }
            }
        } else {
            assert!(fake.wait_until(|ledger| ledger.in_flight() == 0, Duration::from_secs(5)));
            assert_eq!(
                fake.ledger().exchanges[0].delivery,
                Delivery::Lost,
                "{fault:?}"
            );
        }
        assert_eq!(
            text(&ask(&fake, &body).await.json()),
            text(&plain),
            "{fault:?}"
        );
        let ledger = fake.ledger();
        let lost = ledger.bill() - ledger.bill_delivered();
        assert_eq!(0 < lost, fault == Fault::Truncated, "{fault:?}");
    }
}

#[tokio::test]
async fn faulty_answers_come_as_the_vendor_would_send_them() {
    let body = question("a session");
    let message = ask(&with_fault(Fault::Empty), &body).await.json();
    assert_eq!(
        (&message["content"], &message["stop_reason"]),
        (&json!([]), &json!("end_turn"))
    );
    let message = ask(&with_fault(Fault::Refusal), &body).await.json();
    assert_eq!(message["stop_reason"], "refusal");
    assert_eq!(message["stop_details"]["category"], "cyber");
    let message = ask(&with_fault(Fault::MaxTokens), &body).await.json();
    assert_eq!(message["stop_reason"], "max_tokens");
    assert!(serde_json::from_str::<Value>(text(&message)).is_err());
    let mut repair = body.clone();
    let turns = repair["messages"].as_array_mut().unwrap();
    turns.push(json!({"role": "assistant", "content": "?"}));
    turns.push(json!({"role": "user", "content": "Answer with a label."}));
    for (fault, is_repaired) in [
        (Fault::Prose { again: false }, true),
        (Fault::Prose { again: true }, false),
        (Fault::WrongLabel { again: false }, true),
        (Fault::WrongLabel { again: true }, false),
    ] {
        let fake =
            Fake::start(Plan::new().faults(Faults::none().rule(Rule::always(fault.clone()))));
        let is_good = async |body: &Value| {
            let message = ask(&fake, body).await.json();
            serde_json::from_str::<Value>(text(&message))
                .is_ok_and(|answer| answer["label"] != "no-such-label")
        };
        assert!(!is_good(&body).await, "{fault:?}");
        assert_eq!(is_good(&repair).await, is_repaired, "{fault:?}");
        let ledger = fake.ledger();
        assert_eq!(ledger.exchanges[0].identity, ledger.exchanges[1].identity);
        assert!(ledger.exchanges[1].is_repair && ledger.exchanges[1].attempt == 1);
        assert_eq!(ledger.answered_twice(), []);
    }
}

#[tokio::test]
async fn seeded_faults_meet_the_rate_and_end() {
    let menu = [Fault::status(500)];
    let fake = Fake::start(Plan::new().faults(Faults::none().seeded(0.3, 7).menu(&menu)));
    let client = client();
    let mut failed = 0;
    for n in 0..300 {
        let body = question(&format!("session {n}"));
        let mut tries = 0;
        while send(anthropic(&client, &fake, "messages", &body))
            .await
            .unwrap()
            .status
            != 200
        {
            failed += 1;
            tries += 1;
            assert!(tries <= 3);
        }
    }
    // 300 (0.3 + 0.09 + 0.027) = 125 expected, with a standard deviation below 13.
    assert!((85..165).contains(&failed), "{failed}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn limits_hold_and_silence_is_watched() {
    let fake = Fake::start(Plan::new().limits(RateLimits::rpm(3)));
    for remaining in ["2", "1", "0"] {
        let got = ask(&fake, &question("s")).await;
        assert_eq!(
            (
                got.status,
                got.header("anthropic-ratelimit-requests-remaining")
            ),
            (200, remaining)
        );
    }
    let got = ask(&fake, &question("s")).await;
    // Three a minute: the next comes in less than 20 s.
    let wait: u64 = got.header("retry-after").parse().unwrap();
    assert_eq!(got.status, 429);
    assert!((18..=20).contains(&wait), "{wait}");
    assert!(fake.wait_until(|ledger| ledger.in_flight() == 0, Duration::from_secs(5)));
    let early = || fake.ledger().requests_while_cooling_down(Duration::ZERO);
    assert!(early().is_empty());
    assert_eq!(ask(&fake, &question("s")).await.status, 429);
    assert_eq!(early(), [4]);
    let mut plan = Plan::new();
    plan.spend_cap_after = Some(1);
    let fake = Fake::start(plan);
    assert_eq!(ask(&fake, &question("s")).await.status, 200);
    let got = ask(&fake, &question("s")).await;
    assert_eq!(
        (got.status, got.headers.contains_key("retry-after")),
        (429, false)
    );
    assert_eq!(
        got.json()["error"]["details"]["error_code"],
        "enforced_spend_limit_reached"
    );
}

/// Sends a request over a connection of the test's own and gives the response.
async fn over(stream: &mut tokio::net::TcpStream, body: &str) -> String {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let request = format!(
        "POST /anthropic/v1/messages HTTP/1.1\r\nhost: fake\r\ncontent-type: application/json\r\nx-api-key: {}\r\n\
         anthropic-version: 2026-10-21\r\ncontent-length: {}\r\n\r\n{body}",
        Plan::KEY,
        body.len()
    );
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut got = String::new();
    loop {
        if let Some((head, body)) = got.split_once("\r\n\r\n") {
            let length = head
                .lines()
                .find_map(|line| line.strip_prefix("content-length: "));
            if length.unwrap().parse::<usize>().unwrap() == body.len() {
                return got;
            }
        }
        let mut piece = [0; 4_096];
        let count = stream.read(&mut piece).await.unwrap();
        assert_ne!(count, 0, "the connection ended in the middle of {got}");
        got.push_str(std::str::from_utf8(&piece[..count]).unwrap());
    }
}

#[tokio::test]
async fn connections_close_after_so_many_requests() {
    use tokio::io::AsyncReadExt;
    for silently in [false, true] {
        let mut plan = Plan::new();
        plan.requests_per_connection = Some(2);
        plan.closes_silently = silently;
        let fake = Fake::start(plan);
        let mut stream = tokio::net::TcpStream::connect(("127.0.0.1", fake.port()))
            .await
            .unwrap();
        let body = question("s").to_string();
        for is_last in [false, true] {
            let got = over(&mut stream, &body).await;
            assert!(got.starts_with("HTTP/1.1 200"), "{got}");
            assert_eq!(
                got.contains("connection: close"),
                is_last && !silently,
                "{got}"
            );
        }
        let end = tokio::time::timeout(Duration::from_secs(5), stream.read(&mut [0; 1]));
        assert_eq!(
            end.await.expect("the server closes").unwrap(),
            0,
            "silently: {silently}"
        );
        assert_eq!(fake.ledger().connections(), 1);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_client_that_goes_away_is_noticed_and_marks_explain_doubles() {
    let fake = Fake::start(Plan::new().latency_ms(10_000));
    let client = client();
    let request =
        anthropic(&client, &fake, "messages", &question("s")).timeout(Duration::from_millis(50));
    assert!(send(request).await.is_err());
    assert!(fake.wait_until(
        |ledger| ledger.exchanges[0].delivery == Delivery::Lost,
        Duration::from_secs(5)
    ));
    assert_eq!(
        fake.ledger().bill(),
        0,
        "it went before the model had answered"
    );
    let fake = Fake::start(Plan::new());
    ask(&fake, &question("s")).await;
    fake.mark();
    ask(&fake, &question("s")).await;
    assert_eq!(
        fake.ledger()
            .answered_twice_for_no_reason(Duration::from_secs(60)),
        []
    );
    ask(&fake, &question("s")).await;
    assert_eq!(
        fake.ledger()
            .answered_twice_for_no_reason(Duration::from_secs(60)),
        [(1, 2)]
    );
}
