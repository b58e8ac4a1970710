//! The HTTP client against servers that misbehave.

use std::cell::Cell;
use std::time::Duration;

use harness::domain::answer::Stop;
use harness::provider::endpoint::Endpoint;
use harness::provider::failure::{Failure, FailureKind, StopReason};
use harness::provider::http::{Client, Method, Response, USUAL_TIMEOUT, exchange};
use reqwest::header::HeaderMap;
use tokio::io::AsyncWriteExt;

use super::dialects::{KEY, endpoint};
use super::http_server::{Server, request, response};

const ANSWER: &str = r#"{"type":"message","content":[{"type":"text","text":"{}"}],"stop_reason":"end_turn","usage":{"input_tokens":3,"output_tokens":1}}"#;

fn client() -> Client {
    Client::new(USUAL_TIMEOUT).unwrap()
}

fn at(server: &Server) -> Endpoint {
    endpoint(&format!("anthropic:m@{}", server.base))
}

async fn get(client: &Client, url: &str) -> Result<Response, Failure> {
    client
        .send(Method::GET, url, HeaderMap::new(), None, || ())
        .await
}

#[tokio::test]
async fn an_exchange_sends_the_body_and_reads_the_reply() {
    let server = Server::start(|_, mut stream| async move {
        let asked = request(&mut stream).await;
        assert!(
            asked.starts_with("POST /v1/messages HTTP/1.1\r\n"),
            "{asked}"
        );
        assert!(asked.contains(&format!("x-api-key: {KEY}\r\n")), "{asked}");
        assert!(asked.ends_with("\r\n\r\n{\"a\":1}"), "{asked}");
        let body = ANSWER.replace("end_turn\"", &format!("end_turn\",\"echo\":\"{KEY}\""));
        stream
            .write_all(&response("200 OK", "request-id: req_1\r\n", &body))
            .await
            .unwrap();
    })
    .await;
    let begun = Cell::new(0);
    let (reply, raw) = exchange(&client(), &at(&server), b"{\"a\":1}".to_vec(), || {
        begun.set(begun.get() + 1)
    })
    .await
    .unwrap();
    assert_eq!((reply.text.as_str(), reply.stop), ("{}", Stop::Finished));
    assert_eq!(reply.request_id.as_deref(), Some("req_1"));
    assert!(
        raw.contains("\"echo\":\"[key]\"") && !raw.contains(KEY),
        "{raw}"
    );
    assert_eq!(begun.get(), 1);
}

#[tokio::test]
async fn an_answer_has_begun_when_its_headers_are_there() {
    let (begin, begun) = tokio::sync::oneshot::channel();
    let (go_on, going_on) = tokio::sync::oneshot::channel::<()>();
    let hold = std::sync::Mutex::new(Some(going_on));
    let server = Server::start(move |_, mut stream| {
        let going_on = hold.lock().unwrap().take().unwrap();
        async move {
            request(&mut stream).await;
            let whole = response("200 OK", "", ANSWER);
            let (head, body) = whole.split_at(whole.len() - ANSWER.len());
            stream.write_all(head).await.unwrap();
            going_on.await.unwrap();
            stream.write_all(body).await.unwrap();
        }
    })
    .await;
    let endpoint = at(&server);
    let asking = tokio::spawn(async move {
        exchange(&client(), &endpoint, Vec::new(), move || {
            begin.send(()).unwrap()
        })
        .await
    });
    // The body comes only after this.
    begun.await.unwrap();
    assert!(!asking.is_finished());
    go_on.send(()).unwrap();
    assert_eq!(asking.await.unwrap().unwrap().0.text, "{}");
}

#[tokio::test]
async fn a_failure_never_begins() {
    let server = Server::saying(response("529 Overloaded", "", "{}")).await;
    let failure = exchange(&client(), &at(&server), Vec::new(), || panic!("begun"))
        .await
        .unwrap_err();
    assert_eq!(
        (failure.kind, failure.status),
        (FailureKind::Overloaded, Some(529))
    );
}

#[tokio::test]
async fn a_connection_that_is_closed_at_once_is_transient_and_not_asked_again_here() {
    let server = Server::start(|_, mut stream| async move {
        request(&mut stream).await;
    })
    .await;
    let failure = exchange(&client(), &at(&server), Vec::new(), || panic!("begun"))
        .await
        .unwrap_err();
    assert_eq!(failure.kind, FailureKind::Transient);
    assert!(
        failure
            .message
            .contains("closed the connection without an answer"),
        "{failure}"
    );
    assert_eq!(server.connections(), 1);
}

#[tokio::test]
async fn half_a_body_says_how_much_came() {
    let server = Server::saying("HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{\"half\":").await;
    let failure = get(&client(), &server.base).await.unwrap_err();
    assert_eq!(failure.kind, FailureKind::Transient);
    assert!(
        failure.message.contains("broke off after 8 bytes"),
        "{failure}"
    );
}

#[tokio::test]
async fn a_body_of_unknown_length_that_stops_is_read_as_broken_off() {
    // Without a length the end of the connection is the end of the body; the JSON tells that it is not.
    let server = Server::saying("HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n{\"content\":[").await;
    let failure = exchange(&client(), &at(&server), Vec::new(), || ())
        .await
        .unwrap_err();
    assert_eq!(failure.kind, FailureKind::Transient);
    assert_eq!(failure.message, "the response broke off");
}

#[tokio::test]
async fn a_drip_slower_than_the_time_out_is_given_up() {
    let server = Server::start(|_, mut stream| async move {
        request(&mut stream).await;
        stream
            .write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 100000\r\n\r\n")
            .await
            .unwrap();
        // Never still for long, never done.
        while stream.write_all(b" ").await.is_ok() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    })
    .await;
    let client = Client::new(Duration::from_millis(300)).unwrap();
    let failure = get(&client, &server.base).await.unwrap_err();
    assert_eq!(failure.kind, FailureKind::Transient);
    assert!(
        failure.message.contains("did not answer within 300ms"),
        "{failure}"
    );
}

#[tokio::test]
async fn silence_is_given_up() {
    let server = Server::start(|_, mut stream| async move {
        request(&mut stream).await;
        std::future::pending::<()>().await;
    })
    .await;
    let client = Client::new(Duration::from_millis(200)).unwrap();
    let url = format!("{}/path?token=abc", server.base);
    let failure = get(&client, &url).await.unwrap_err();
    assert_eq!(failure.kind, FailureKind::Transient);
    assert!(
        failure
            .message
            .contains(&format!("{} did not answer", server.base)),
        "{failure}"
    );
    assert!(!failure.message.contains("abc"));
}

#[tokio::test]
async fn garbage_is_no_answer() {
    let server = Server::saying("SSH-2.0-OpenSSH_9.9\r\n\r\n").await;
    let failure = get(&client(), &server.base).await.unwrap_err();
    assert_eq!(
        (failure.kind, failure.status),
        (FailureKind::Transient, None)
    );
}

#[tokio::test]
async fn html_under_200_is_no_answer() {
    let server = Server::saying(response(
        "200 OK",
        "content-type: text/html\r\n",
        "<html>Welcome</html>",
    ))
    .await;
    let failure = exchange(&client(), &at(&server), Vec::new(), || ())
        .await
        .unwrap_err();
    assert_eq!(failure.message, "a page of HTML instead of an answer");
}

#[tokio::test]
async fn a_huge_body_is_not_heard_out() {
    let server = Server::start(|_, mut stream| async move {
        request(&mut stream).await;
        stream.write_all(b"HTTP/1.1 200 OK\r\n\r\n").await.unwrap();
        let chunk = vec![b'x'; 1024 * 1024];
        while stream.write_all(&chunk).await.is_ok() {}
    })
    .await;
    let failure = get(&client(), &server.base).await.unwrap_err();
    assert_eq!(failure.kind, FailureKind::Request);
    assert!(failure.message.contains("larger than 64 MiB"), "{failure}");
}

#[tokio::test]
async fn nobody_there_is_transient() {
    // A port that was free a moment ago.
    let free = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("http://{}", free.local_addr().unwrap());
    drop(free);
    let failure = get(&client(), &base).await.unwrap_err();
    assert_eq!(failure.kind, FailureKind::Transient);
    assert!(
        failure
            .message
            .starts_with(&format!("no connection to {base}: ")),
        "{failure}"
    );
    let failure = get(&client(), "http://no-such-host.invalid/")
        .await
        .unwrap_err();
    assert_eq!(failure.kind, FailureKind::Transient);
    assert!(
        failure
            .message
            .starts_with("no connection to http://no-such-host.invalid: "),
        "{failure}"
    );
}

#[tokio::test]
async fn a_server_without_tls_is_named() {
    let server = Server::start(|_, mut stream| async move {
        // Plain words where the client expects a handshake.
        stream
            .write_all(&response("400 Bad Request", "", "speak plainly"))
            .await
            .unwrap();
    })
    .await;
    let url = server.base.replace("http://", "https://");
    let failure = get(&client(), &url).await.unwrap_err();
    assert!(
        failure
            .message
            .starts_with(&format!("no connection to {url}: ")),
        "{failure}"
    );
}

#[tokio::test]
async fn connections_are_kept_and_replaced_when_the_server_closes_them() {
    let (closed, mut is_closed) = tokio::sync::mpsc::unbounded_channel();
    let server = Server::start(move |_, mut stream| {
        let closed = closed.clone();
        async move {
            // Two requests a connection, then the server closes it without a word.
            for _ in 0..2 {
                request(&mut stream).await;
                stream
                    .write_all(&response("200 OK", "", ANSWER))
                    .await
                    .unwrap();
            }
            stream.shutdown().await.unwrap();
            drop(stream);
            closed.send(()).unwrap();
        }
    })
    .await;
    let client = client();
    for round in 1..=3 {
        for _ in 0..2 {
            exchange(&client, &at(&server), Vec::new(), || ())
                .await
                .unwrap();
        }
        assert_eq!(server.connections(), round);
        is_closed.recv().await.unwrap();
        // The end of the connection has to reach the client before it asks again: it is on this machine, and on its way.
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

#[tokio::test]
async fn a_redirect_is_not_followed() {
    let elsewhere = Server::saying(response("200 OK", "", ANSWER)).await;
    let location = format!("location: {}/v1/messages\r\n", elsewhere.base);
    let server = Server::saying(response("307 Temporary Redirect", &location, "")).await;
    let failure = exchange(&client(), &at(&server), Vec::new(), || panic!("begun"))
        .await
        .unwrap_err();
    assert_eq!(failure.kind, FailureKind::Run(StopReason::Model));
    assert!(failure.message.contains(&elsewhere.base), "{failure}");
    assert_eq!(elsewhere.connections(), 0);
}

#[tokio::test]
async fn lines_come_one_by_one_wherever_chunks_end() {
    let server = Server::start(|_, mut stream| async move {
        let asked = request(&mut stream).await;
        assert!(asked.contains(&format!("x-api-key: {KEY}\r\n")), "{asked}");
        stream
            .write_all(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n")
            .await
            .unwrap();
        for chunk in ["{\"a\"", ":1}\r\n{\"b\":2}\n\n{\"c", "\":3}"] {
            let framed = format!("{:x}\r\n{chunk}\r\n", chunk.len());
            stream.write_all(framed.as_bytes()).await.unwrap();
            stream.flush().await.unwrap();
        }
        stream.write_all(b"0\r\n\r\n").await.unwrap();
    })
    .await;
    let endpoint = at(&server);
    let mut lines = client()
        .open(&endpoint, &endpoint.resolve("/results").unwrap())
        .await
        .unwrap();
    let mut found = Vec::new();
    while let Some(line) = lines.next().await.unwrap() {
        found.push(String::from_utf8(line).unwrap());
    }
    assert_eq!(found, ["{\"a\":1}", "{\"b\":2}", "", "{\"c\":3}"]);
}

#[tokio::test]
async fn lines_that_break_off_are_an_error_and_not_an_end() {
    let server =
        Server::saying("HTTP/1.1 200 OK\r\ncontent-length: 99\r\n\r\n{\"a\":1}\n{\"b\"").await;
    let mut lines = client().open(&at(&server), &server.base).await.unwrap();
    assert_eq!(lines.next().await.unwrap().unwrap(), b"{\"a\":1}");
    let failure = lines.next().await.unwrap_err();
    assert!(
        failure.message.contains("broke off after 12 bytes"),
        "{failure}"
    );
}

#[tokio::test]
async fn a_refused_file_is_a_failure_with_its_status() {
    let server = Server::saying(response(
        "404 Not Found",
        "",
        r#"{"error":{"type":"not_found_error","message":"gone"}}"#,
    ))
    .await;
    let failure = client().open(&at(&server), &server.base).await.unwrap_err();
    assert_eq!(
        (failure.kind, failure.status, failure.message.as_str()),
        (FailureKind::Run(StopReason::Model), Some(404), "gone")
    );
}
