//! A provider to test against: both vendors' shapes, rules, prompt cache, batches and bill, with faults on demand.
//!
//! It runs in this process, on threads of its own, because its client is mostly the real binary in another process. What it
//! answers depends on the request alone, so that a disturbed run and an undisturbed one have to end alike. It refuses what the
//! vendor would refuse. A token is four bytes of text, rounded up over the whole request: text blocks, tools and the schema
//! count, JSON around them does not.
//!
//! `Fake::start(Plan::new())` gives the addresses; `fake.ledger()` tells what arrived and what it costs.
#![allow(
    dead_code,
    unreachable_pub,
    clippy::unwrap_used,
    reason = "several programs include this folder, and each uses a part of it"
)]

pub mod answers;
pub mod anthropic;
mod anthropic_check;
pub mod asked;
mod batches;
pub mod cache;
mod connection;
mod fault_reply;
pub mod faults;
pub mod ledger;
pub mod limits;
mod model_rules;
mod openai;
mod openai_batches;
pub mod plan;
mod reply;
mod schema_subset;
mod server;

use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use ledger::Ledger;
use plan::Plan;
use server::Server;

/// A running provider. It stops when it is dropped.
pub struct Fake {
    server: Arc<Server>,
    port: u16,
    stop: Option<tokio::sync::oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Fake {
    /// Starts a provider on a free port of this machine.
    pub fn start(plan: Plan) -> Self {
        let (stop, stopped) = tokio::sync::oneshot::channel();
        let (ready, port) = std::sync::mpsc::channel();
        let server = Arc::new(Server::new(plan));
        let served = Arc::clone(&server);
        let thread = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_multi_thread()
                .worker_threads(1)
                .enable_all()
                .build()
                .unwrap();
            runtime.block_on(async move {
                let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
                let port = listener.local_addr().unwrap().port();
                served.set_port(port);
                ready.send(port).unwrap();
                tokio::select! {
                    () = server::serve(served, listener) => {}
                    _ = stopped => {}
                }
            });
            runtime.shutdown_background();
        });
        let port = port.recv().unwrap();
        Self {
            server,
            port,
            stop: Some(stop),
            thread: Some(thread),
        }
    }

    /// The port that it listens on.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// The address for clients of the Anthropic dialect; they append `/v1/messages`.
    pub fn base_anthropic(&self) -> String {
        format!("http://127.0.0.1:{}/anthropic", self.port)
    }

    /// The address for clients of the OpenAI dialect; they append `/chat/completions`.
    pub fn base_openai(&self) -> String {
        format!("http://127.0.0.1:{}/v1", self.port)
    }

    /// What has arrived so far, as a copy.
    pub fn ledger(&self) -> Ledger {
        self.server.lock().ledger.clone()
    }

    /// Waits until the ledger is as the caller wants it; false where that did not come in time. It blocks its thread: a client
    /// in this process needs a runtime with threads of its own.
    pub fn wait_until(&self, is_so: impl Fn(&Ledger) -> bool, timeout: Duration) -> bool {
        let state = self.server.lock();
        let waited = self
            .server
            .changed
            .wait_timeout_while(state, timeout, |state| !is_so(&state.ledger))
            .unwrap();
        !waited.1.timed_out()
    }

    /// Waits until a batch was made, of OpenAI's kind or Anthropic's; false where that did not come in time.
    pub fn has_batch(&self, is_openai: bool, timeout: Duration) -> bool {
        let state = self.server.lock();
        let waited = self
            .server
            .changed
            .wait_timeout_while(state, timeout, |state| {
                if is_openai {
                    state.openai_batches.is_empty()
                } else {
                    state.batches.is_empty()
                }
            })
            .unwrap();
        !waited.1.timed_out()
    }

    /// Moves the clock of cache entries and batches forward.
    pub fn advance(&self, by: Duration) {
        self.server.lock().clock_moved += by;
    }

    /// Notes this moment in the ledger, such as that of a kill.
    pub fn mark(&self) {
        self.server.lock().ledger.mark();
    }

    /// Replaces the plan's faults from here on.
    pub fn set_faults(&self, faults: faults::Faults) {
        self.server.lock().faults = faults;
    }
}

impl Drop for Fake {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            // A panic of the server's thread was already printed.
            let _ = thread.join();
        }
    }
}
