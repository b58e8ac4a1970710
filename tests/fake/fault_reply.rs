//! Responses that faults of transport make.

use std::sync::Arc;

use super::faults::Fault;
use super::ledger::Dialect;
use super::reply::Reply;
use super::server::Server;
use super::{anthropic, openai};

/// The response that a fault of transport makes.
pub(super) fn error(server: &Arc<Server>, dialect: Dialect, fault: &Fault) -> Reply {
    let (status, retry_after, code) = match fault {
        Fault::Html(status) => {
            let page = format!(
                "<!DOCTYPE html><html><head><title>{status}</title></head><body><h1>{status}</h1></body></html>"
            );
            return Reply::text(*status, "text/html", page);
        }
        Fault::Status {
            status,
            retry_after,
            code,
        } => (*status, retry_after.clone(), code.as_deref()),
        _ => (529, None, None),
    };
    let mut reply = match dialect {
        Dialect::Anthropic => anthropic::Refused::of_status(status, code).reply(server),
        Dialect::OpenAi => openai::Refused::of_status(status, code).reply(server),
    };
    if let Some(seconds) = retry_after {
        reply = reply.header("retry-after", &seconds);
    }
    if *fault == Fault::ErrorUnderOk {
        reply.status = 200;
    }
    reply
}
