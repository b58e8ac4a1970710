//! Responses, and the ways in which their bodies go out.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::body::{Body, Bytes, HttpBody};
use axum::response::Response;
use http_body::{Frame, SizeHint};
use serde_json::Value;

use super::ledger::Delivery;
use super::server::Server;

/// A response before it goes out.
pub(super) struct Reply {
    pub(super) status: u16,
    pub(super) headers: Vec<(String, String)>,
    pub(super) body: Bytes,
    pub(super) pace: Pace,
}

/// How a body goes out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Pace {
    Whole,
    /// Half of it, and then the connection ends.
    Half,
    /// In pieces, with a pause after each.
    Drip(usize, Duration),
}

impl Reply {
    pub(super) fn json(status: u16, body: &Value) -> Self {
        Self::text(status, "application/json", body.to_string())
    }

    pub(super) fn text(status: u16, kind: &str, body: String) -> Self {
        Self {
            status,
            headers: vec![("content-type".to_owned(), kind.to_owned())],
            body: body.into(),
            pace: Pace::Whole,
        }
    }

    pub(super) fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// How long the response asks for silence.
    pub(super) fn retry_after(&self) -> Option<Duration> {
        let (_, value) = self
            .headers
            .iter()
            .find(|(name, _)| name == "retry-after")?;
        value.parse().ok().map(Duration::from_secs_f64)
    }

    pub(super) fn into_response(self, delivery: Option<InFlight>) -> Response {
        let mut response = Response::builder()
            .status(self.status)
            .header("content-length", self.body.len());
        for (name, value) in &self.headers {
            response = response.header(name, value);
        }
        let left = match self.pace {
            Pace::Half => self.body.slice(..self.body.len() / 2),
            Pace::Whole | Pace::Drip(..) => self.body,
        };
        let body = Paced {
            left,
            pace: self.pace,
            pause: None,
            delivery,
        };
        response.body(Body::new(body)).unwrap()
    }
}

/// An exchange whose response is not finished; dropped before its end, the response is lost.
pub(super) struct InFlight {
    pub(super) server: Arc<Server>,
    pub(super) number: usize,
    pub(super) retry_after: Option<Duration>,
}

impl InFlight {
    fn finish(&self, delivery: Delivery) {
        self.server
            .lock()
            .ledger
            .finish(self.number, delivery, self.retry_after);
        self.server.changed.notify_all();
    }
}

impl Drop for InFlight {
    fn drop(&mut self) {
        // After a finish this changes nothing.
        self.finish(Delivery::Lost);
    }
}

struct Paced {
    left: Bytes,
    pace: Pace,
    pause: Option<Pin<Box<tokio::time::Sleep>>>,
    delivery: Option<InFlight>,
}

impl HttpBody for Paced {
    type Data = Bytes;
    type Error = std::io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, std::io::Error>>> {
        if let Some(pause) = &mut self.pause {
            if pause.as_mut().poll(context).is_pending() {
                return Poll::Pending;
            }
            self.pause = None;
        }
        if self.left.is_empty() {
            return match self.pace {
                Pace::Half => Poll::Ready(Some(Err(std::io::ErrorKind::BrokenPipe.into()))),
                Pace::Whole | Pace::Drip(..) => Poll::Ready(None),
            };
        }
        let piece = match self.pace {
            Pace::Drip(bytes, pause) => {
                let bytes = bytes.clamp(1, self.left.len());
                let piece = self.left.split_to(bytes);
                if !self.left.is_empty() {
                    self.pause = Some(Box::pin(tokio::time::sleep(pause)));
                }
                piece
            }
            // Time to flush what is there, before the error ends the connection.
            Pace::Half => {
                self.pause = Some(Box::pin(tokio::time::sleep(Duration::from_millis(2))));
                std::mem::take(&mut self.left)
            }
            Pace::Whole => std::mem::take(&mut self.left),
        };
        if self.left.is_empty()
            && self.pace != Pace::Half
            && let Some(delivery) = &self.delivery
        {
            delivery.finish(Delivery::Sent);
        }
        Poll::Ready(Some(Ok(Frame::data(piece))))
    }

    fn is_end_stream(&self) -> bool {
        self.left.is_empty() && self.pace != Pace::Half
    }

    fn size_hint(&self) -> SizeHint {
        match self.pace {
            Pace::Half => SizeHint::default(),
            Pace::Whole | Pace::Drip(..) => {
                SizeHint::with_exact(u64::try_from(self.left.len()).unwrap())
            }
        }
    }
}
