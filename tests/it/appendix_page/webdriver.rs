//! A headless browser, driven over the WebDriver protocol with plain HTTP.
//!
//! Nothing sleeps for a fixed time: what a page has to do is awaited by asking again until a deadline.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::workspace::skipped;

/// How long a page may take for anything.
const PATIENCE: Duration = Duration::from_secs(60);

/// Keys as the protocol writes them.
pub(crate) const ENTER: &str = "\u{e007}";
pub(crate) const TAB: &str = "\u{e004}";
pub(crate) const ESCAPE: &str = "\u{e00c}";
pub(crate) const LEFT: &str = "\u{e012}";
pub(crate) const UP: &str = "\u{e013}";
pub(crate) const RIGHT: &str = "\u{e014}";
pub(crate) const DOWN: &str = "\u{e015}";

/// A browser with one window.
pub(crate) struct Browser {
    client: reqwest::Client,
    /// Address of the session.
    session: String,
    driver: Child,
    _profile: TempDir,
}

impl Browser {
    /// Starts one with a window of this width; `None`, with a word about it, where none is installed.
    pub(crate) async fn start(width: u32) -> Option<Self> {
        let installed = |names: &[&str]| -> Option<String> {
            let paths = std::env::var_os("PATH")?;
            names.iter().find_map(|name| {
                std::env::split_paths(&paths)
                    .map(|folder| folder.join(name))
                    .find(|path| path.is_file())
                    .map(|path| path.display().to_string())
            })
        };
        let (Some(driver), Some(chromium)) = (
            installed(&["chromedriver"]),
            installed(&["chromium", "chromium-browser", "google-chrome"]),
        ) else {
            skipped("there is no chromium with chromedriver (Debian: chromium-driver)");
            return None;
        };
        let mut driver = Command::new(driver)
            .arg("--port=0")
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let lines = BufReader::new(driver.stdout.take().unwrap()).lines();
        let port = lines
            .map_while(Result::ok)
            .find_map(|line| {
                let (_, port) = line.split_once("started successfully on port ")?;
                port.trim_end_matches('.').parse::<u16>().ok()
            })
            .expect("chromedriver says its port");
        let profile = tempfile::tempdir().unwrap();
        let _ = rustls::crypto::ring::default_provider().install_default();
        let client = reqwest::Client::builder()
            .no_proxy()
            .timeout(Duration::from_secs(400))
            .build()
            .unwrap();
        let mut browser = Self {
            client,
            session: format!("http://127.0.0.1:{port}/session"),
            driver,
            _profile: profile,
        };
        let folder = browser._profile.path().display().to_string();
        let opened = browser
            .post(
                "",
                json!({"capabilities": {"alwaysMatch": {
                    "goog:chromeOptions": {
                        "binary": chromium,
                        "args": ["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage",
                            format!("--window-size={width},900"), format!("--user-data-dir={folder}")],
                    },
                    "goog:loggingPrefs": {"browser": "ALL", "performance": "ALL"},
                }}}),
            )
            .await;
        let id = opened["sessionId"]
            .as_str()
            .expect("a session begins")
            .to_owned();
        browser.session = format!("{}/{id}", browser.session);
        // Every link is followed in one script.
        browser.post("/timeouts", json!({"script": 300_000})).await;
        Some(browser)
    }

    async fn post(&self, path: &str, body: Value) -> Value {
        let reply = self
            .client
            .post(format!("{}{path}", self.session))
            .header("content-type", "application/json")
            .body(body.to_string())
            .send()
            .await
            .unwrap();
        let text = reply.text().await.unwrap();
        let value: Value = serde_json::from_str(&text).unwrap();
        assert!(value["value"]["error"].is_null(), "{path} {body}: {text}");
        value["value"].clone()
    }

    /// Opens a file of the disk, at a fragment, and waits until its scripts have run.
    pub(crate) async fn open(&self, file: &Path, fragment: &str) {
        // Another document first: a change of the fragment alone would load nothing.
        self.post("/url", json!({"url": "about:blank"})).await;
        self.post(
            "/url",
            json!({"url": format!("file://{}{fragment}", file.display())}),
        )
        .await;
        self.until("document.documentElement.dataset.ready === 'true'")
            .await;
    }

    /// What an expression is in the page.
    pub(crate) async fn value(&self, expression: &str) -> Value {
        self.post(
            "/execute/sync",
            json!({"script": format!("return ({expression});"), "args": []}),
        )
        .await
    }

    /// A text of the page.
    pub(crate) async fn text(&self, expression: &str) -> String {
        let value = self.value(expression).await;
        value
            .as_str()
            .unwrap_or_else(|| panic!("{expression} is {value}"))
            .to_owned()
    }

    /// A list of texts of the page.
    pub(crate) async fn texts(&self, expression: &str) -> Vec<String> {
        serde_json::from_value(self.value(expression).await).unwrap()
    }

    /// Waits until an expression is true in the page.
    pub(crate) async fn until(&self, expression: &str) {
        let deadline = Instant::now() + PATIENCE;
        loop {
            if self.value(expression).await == json!(true) {
                return;
            }
            assert!(Instant::now() < deadline, "never came true: {expression}");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    async fn element(&self, selector: &str) -> String {
        let found = self
            .post(
                "/element",
                json!({"using": "css selector", "value": selector}),
            )
            .await;
        let id = found.as_object().unwrap().values().next().unwrap();
        id.as_str().unwrap().to_owned()
    }

    /// Clicks the first element of a selector with the mouse.
    pub(crate) async fn click(&self, selector: &str) {
        let id = self.element(selector).await;
        self.post(&format!("/element/{id}/click"), json!({})).await;
    }

    /// Presses keys one after another, wherever the focus is.
    pub(crate) async fn press(&self, keys: &str) {
        let actions: Vec<Value> = keys
            .chars()
            .flat_map(|key| {
                ["keyDown", "keyUp"].map(|kind| json!({"type": kind, "value": key.to_string()}))
            })
            .collect();
        self.post(
            "/actions",
            json!({"actions": [{"type": "key", "id": "keys", "actions": actions}]}),
        )
        .await;
    }

    /// Goes back in the history.
    pub(crate) async fn back(&self) {
        self.post("/back", json!({})).await;
    }

    /// What the console got since it was last asked.
    pub(crate) async fn console(&self) -> Vec<String> {
        let log = self.post("/se/log", json!({"type": "browser"})).await;
        let entries = log.as_array().unwrap();
        entries
            .iter()
            .map(|entry| entry["message"].as_str().unwrap().to_owned())
            .collect()
    }

    /// Addresses that the page asked for since this was last asked.
    pub(crate) async fn requests(&self) -> Vec<String> {
        let log = self.post("/se/log", json!({"type": "performance"})).await;
        let entries = log.as_array().unwrap();
        entries
            .iter()
            .filter_map(|entry| {
                let message: Value = serde_json::from_str(entry["message"].as_str()?).ok()?;
                let message = &message["message"];
                // The browser's own first page asks for its parts, too.
                let is_ours = message["params"]["documentURL"]
                    .as_str()
                    .is_some_and(|address| address.starts_with("file://"));
                (message["method"] == "Network.requestWillBeSent" && is_ours).then(|| {
                    message["params"]["request"]["url"]
                        .as_str()
                        .unwrap()
                        .to_owned()
                })
            })
            .collect()
    }

    /// Ends the browser.
    pub(crate) async fn end(self) {
        let _ = self.client.delete(&self.session).send().await;
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        let _ = self.driver.kill();
        let _ = self.driver.wait();
    }
}
