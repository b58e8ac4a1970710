//! Bytes out, bytes in: one client for all requests, with the patience of the vendors' own clients.
//!
//! HTTP/1.1 with TCP keep-alive, so that a connection that died while a model was thinking is noticed. Connections idle
//! for 4 s are given up, because several servers close theirs after 5 s and a request sent into that moment is lost.
//! Nothing is sent twice here: a server may have answered, and charged for, what it could not deliver. Redirects are not
//! followed, so that a key goes where it was meant to go; proxies come from the environment (`HTTPS_PROXY`, `NO_PROXY`).

use std::error::Error as _;
use std::time::Duration;

pub use reqwest::Method;
use reqwest::header::HeaderMap;
use thiserror::Error;

use super::dialect;
use super::endpoint::Endpoint;
use super::failure::{Failure, FailureKind, StopReason};
use super::limits::Limits;
use super::reply::Reply;

/// How long a whole request may take, unless the user says otherwise: as long as the vendors' clients wait.
pub const USUAL_TIMEOUT: Duration = Duration::from_secs(600);
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
const KEEP_ALIVE: Duration = Duration::from_secs(60);
const KEEP_ALIVE_TRIES: u32 = 5;
const LONGEST_IDLE: Duration = Duration::from_secs(4);
/// No answer and no line of a batch's results is longer; a server that sends more is not heard out.
const LARGEST_BODY: usize = 64 * 1024 * 1024;

/// Sends requests. Cheap to clone; clones share connections.
#[derive(Debug, Clone)]
pub struct Client {
    inner: reqwest::Client,
    timeout: Duration,
}

/// The client could not be made.
#[derive(Debug, Error)]
#[error(
    "the HTTP client cannot start: {cause}; hint: look at the proxy settings and certificates of this machine"
)]
pub struct ClientError {
    cause: String,
}

/// A response, whatever its status.
#[derive(Debug)]
pub struct Response {
    /// The status.
    pub status: u16,
    /// The headers.
    pub headers: HeaderMap,
    /// All of the body.
    pub body: Vec<u8>,
}

impl Client {
    /// A client whose requests take at most `timeout`, from the first byte out to the last byte in.
    ///
    /// # Errors
    /// Where proxies or certificates of this machine cannot be used.
    pub fn new(timeout: Duration) -> Result<Self, ClientError> {
        // A second call finds it installed, which is what is wanted.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let inner = reqwest::Client::builder()
            .connect_timeout(CONNECT_TIMEOUT)
            .read_timeout(timeout)
            .tcp_keepalive(KEEP_ALIVE)
            .tcp_keepalive_interval(KEEP_ALIVE)
            .tcp_keepalive_retries(KEEP_ALIVE_TRIES)
            .pool_idle_timeout(LONGEST_IDLE)
            .redirect(reqwest::redirect::Policy::none())
            .referer(false)
            .build()
            .map_err(|error| ClientError {
                cause: chain(&error),
            })?;
        Ok(Self { inner, timeout })
    }

    /// Sends one request and reads the whole response, whatever its status. `on_begun` is called once, when the headers of
    /// a success have come: from then on the prompt's prefix can be read from the provider's cache.
    ///
    /// # Errors
    /// Where there is no whole response: no connection, no answer in time, one that broke off or is too large.
    pub async fn send(
        &self,
        method: Method,
        url: &str,
        headers: HeaderMap,
        body: Option<Vec<u8>>,
        on_begun: impl FnOnce(),
    ) -> Result<Response, Failure> {
        let mut request = self
            .inner
            .request(method, url)
            .headers(headers)
            .timeout(self.timeout);
        if let Some(body) = body {
            request = request.body(body);
        }
        let mut response = request
            .send()
            .await
            .map_err(|error| self.failure(url, error, None))?;
        if response.status().is_success() {
            on_begun();
        }
        let mut received = Vec::new();
        while let Some(chunk) = response
            .chunk()
            .await
            .map_err(|error| self.failure(url, error, Some(received.len())))?
        {
            if received.len() + chunk.len() > LARGEST_BODY {
                return Err(too_large());
            }
            received.extend_from_slice(&chunk);
        }
        Ok(Response {
            status: response.status().as_u16(),
            headers: response.headers().clone(),
            body: received,
        })
    }

    /// Opens a large file of an endpoint, such as the results of a batch, to be read line by line. Only pauses are limited
    /// in time, not the whole.
    ///
    /// # Errors
    /// Where the server refuses or cannot be reached. `url` has to be on the endpoint's own server, because the key goes
    /// along: [`Endpoint::resolve`] sees to that.
    pub async fn open(&self, endpoint: &Endpoint, url: &str) -> Result<Lines, Failure> {
        let mut response = self
            .inner
            .get(url)
            .headers(dialect::headers(endpoint))
            .send()
            .await
            .map_err(|error| self.failure(url, error, None))?;
        if response.status().is_success() {
            return Ok(Lines {
                client: self.clone(),
                url: url.to_owned(),
                response,
                waiting: Vec::new(),
                searched: 0,
                received: 0,
            });
        }
        let mut body = Vec::new();
        while let Ok(Some(chunk)) = response.chunk().await {
            body.extend_from_slice(&chunk);
            if body.len() > LARGEST_BODY {
                break;
            }
        }
        let status = response.status().as_u16();
        match dialect::read(endpoint, status, response.headers(), &body) {
            Err(failure) => Err(failure),
            Ok(_) => Err(too_large()),
        }
    }

    fn failure(&self, url: &str, error: reqwest::Error, received: Option<usize>) -> Failure {
        let error = error.without_url();
        let reason = chain(&error);
        let place = place(url);
        // A certificate that is not trusted now will not be the next time.
        let is_certificate = reason.contains("certificate");
        let message = if is_certificate {
            format!("no secure connection to {place}: {reason}")
        } else if error.is_connect() && error.is_timeout() {
            format!("no connection to {place} within {CONNECT_TIMEOUT:?}")
        } else if error.is_timeout() {
            format!("{place} did not answer within {:?}", self.timeout)
        } else if error.is_connect() {
            format!("no connection to {place}: {reason}")
        } else if error.is_builder() {
            format!("nothing can be sent to {place}: {reason}")
        } else if let Some(received) = received {
            format!("the response of {place} broke off after {received} bytes: {reason}")
        } else {
            format!("{place} closed the connection without an answer: {reason}")
        };
        Failure {
            kind: if is_certificate || error.is_builder() {
                FailureKind::Run(StopReason::Model)
            } else {
                FailureKind::Transient
            },
            ..without_response(message)
        }
    }
}

/// A body that is read line by line, each in memory alone.
#[derive(Debug)]
pub struct Lines {
    client: Client,
    url: String,
    response: reqwest::Response,
    /// What came and was not handed on.
    waiting: Vec<u8>,
    /// How much of that is known to hold no end of a line.
    searched: usize,
    received: usize,
}

impl Lines {
    /// The next line without its end; `None` behind the last. An empty line is a line.
    ///
    /// # Errors
    /// Where the body breaks off, pauses for too long, or has a line of more than 64 MiB.
    pub async fn next(&mut self) -> Result<Option<Vec<u8>>, Failure> {
        loop {
            if let Some(at) = memchr::memchr(b'\n', &self.waiting[self.searched..]) {
                let rest = self.waiting.split_off(self.searched + at + 1);
                let mut line = std::mem::replace(&mut self.waiting, rest);
                self.searched = 0;
                line.pop();
                if line.last() == Some(&b'\r') {
                    line.pop();
                }
                return Ok(Some(line));
            }
            self.searched = self.waiting.len();
            let chunk = self
                .response
                .chunk()
                .await
                .map_err(|error| self.client.failure(&self.url, error, Some(self.received)))?;
            match chunk {
                Some(chunk) if self.waiting.len() + chunk.len() > LARGEST_BODY => {
                    return Err(too_large());
                }
                Some(chunk) => {
                    self.received += chunk.len();
                    self.waiting.extend_from_slice(&chunk);
                }
                None if self.waiting.is_empty() => return Ok(None),
                None => {
                    self.searched = 0;
                    return Ok(Some(std::mem::take(&mut self.waiting)));
                }
            }
        }
    }
}

/// Sends one body to an endpoint and reads what it answers: the reply, and the response's body without the key.
///
/// # Errors
/// As [`Client::send`] and [`dialect::read`].
pub async fn exchange(
    client: &Client,
    endpoint: &Endpoint,
    body: Vec<u8>,
    on_begun: impl FnOnce(),
) -> Result<(Reply, String), Failure> {
    let response = client
        .send(
            Method::POST,
            &endpoint.url(),
            dialect::headers(endpoint),
            Some(body),
            on_begun,
        )
        .await?;
    let reply = dialect::read(endpoint, response.status, &response.headers, &response.body)?;
    let received = String::from_utf8_lossy(&response.body);
    Ok((reply, endpoint.without_key(&received)))
}

fn too_large() -> Failure {
    Failure {
        kind: FailureKind::Request,
        ..without_response(format!(
            "the response is larger than {} MiB",
            LARGEST_BODY / 1024 / 1024
        ))
    }
}

fn without_response(message: String) -> Failure {
    Failure {
        kind: FailureKind::Transient,
        message,
        status: None,
        request_id: None,
        retry_after: None,
        limits: Limits::default(),
    }
}

/// Scheme, host and port: what a message may name of an address.
fn place(url: &str) -> String {
    reqwest::Url::parse(url).map_or_else(
        |_| "an address that is none".to_owned(),
        |url| url.origin().ascii_serialization(),
    )
}

/// The deepest cause of an error, which says most: the outer ones only repeat that there was one.
fn chain(error: &reqwest::Error) -> String {
    let mut deepest = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        deepest = cause.to_string();
        source = cause.source();
    }
    deepest
}
