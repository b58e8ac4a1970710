//! Calls about batches, in words of no vendor: submit, ask how far it is, list, cancel, find the results.
//!
//! Nothing is sent twice here. A submission whose answer got lost may have arrived: callers look for it with [`Batches::list`]
//! before they submit again.

use reqwest::header::{CONTENT_TYPE, HeaderMap, HeaderValue};

use crate::domain::moment::Moment;

use super::dialect;
use super::endpoint::{Dialect, Endpoint};
use super::error_body;
use super::failure::Failure;
use super::http::{Client, Method};
use super::json::Node;
use super::limits::Limits;
use super::{anthropic_batches, openai_batches};

/// Batches on a page of a list: as many as the vendors give at most.
const ON_A_PAGE: &str = "100";

/// The batches of one endpoint.
#[derive(Debug, Clone, Copy)]
pub struct Batches<'c> {
    /// Who sends.
    pub client: &'c Client,
    /// Who is asked.
    pub endpoint: &'c Endpoint,
}

/// How far a batch is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Standing {
    /// It is not over.
    Running,
    /// It is over; the addresses of its results, all on the endpoint's own server.
    Ended(Vec<String>),
    /// None of it was answered, and why.
    Failed(String),
    /// The provider has no such batch.
    Gone,
}

/// A batch in a provider's list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed {
    /// The provider's name for it.
    pub id: String,
    /// Our own name for it, where the provider keeps such.
    pub name: Option<String>,
    /// When it was made.
    pub created: Option<Moment>,
    /// Requests in it.
    pub requests: Option<u64>,
}

/// One page of a list.
pub(super) struct Page {
    pub(super) batches: Vec<Listed>,
    /// The id behind which the next page begins.
    pub(super) next: Option<String>,
}

impl Batches<'_> {
    /// Uploads the lines of a batch where a vendor wants them as a file: its id.
    ///
    /// # Errors
    /// Where the server refuses or cannot be reached.
    pub async fn upload(
        &self,
        name: &str,
        lines: &[u8],
    ) -> Result<(Option<String>, Limits), Failure> {
        match self.endpoint.dialect {
            Dialect::Anthropic => Ok((None, Limits::default())),
            Dialect::OpenAi => {
                let (kind, form) = openai_batches::form(name, lines);
                let url = self.endpoint.files_url();
                let (body, limits) = self
                    .call(Method::POST, &url, Some(&kind), Some(form))
                    .await?;
                Ok((Some(self.id_in(&body)?), limits))
            }
        }
    }

    /// Submits a batch of `lines` as [`super::batch_lines::line`] makes them, or of the uploaded `file`: the provider's id.
    ///
    /// # Errors
    /// Where the server refuses or cannot be reached; without a status it may have arrived all the same.
    pub async fn create(
        &self,
        name: &str,
        lines: &[u8],
        file: Option<&str>,
    ) -> Result<(String, Limits), Failure> {
        let body = match file {
            None => anthropic_batches::body(lines),
            Some(file) => openai_batches::body(name, file, self.endpoint.batch_line_path()),
        };
        let url = self.endpoint.batches_url();
        let (body, limits) = self.call(Method::POST, &url, None, Some(body)).await?;
        Ok((self.id_in(&body)?, limits))
    }

    /// How far a batch is.
    ///
    /// # Errors
    /// Where the server cannot be reached or says nothing that can be read.
    pub async fn poll(&self, id: &str) -> Result<(Standing, Limits), Failure> {
        let asked = self.call(Method::GET, &self.url_of(id), None, None).await;
        let (body, limits) = match asked {
            Err(failure) if failure.status == Some(404) => {
                // An address that knows no batches at all says the same: then nothing is known of this one.
                let (_, limits) = self.page(None).await?;
                return Ok((Standing::Gone, limits));
            }
            other => other?,
        };
        let read = Node::read(&body).ok().map(Node::fields).unwrap_or_default();
        let standing = match self.endpoint.dialect {
            Dialect::Anthropic => anthropic_batches::standing(self.endpoint, id, &read),
            Dialect::OpenAi => openai_batches::standing(self.endpoint, &read),
        };
        match standing {
            Some(standing) => Ok((standing, limits)),
            None => Err(self.no_message("JSON, but no batch")),
        }
    }

    /// The newest batches, of at most so many pages: lists of some servers never end.
    ///
    /// # Errors
    /// Where the server cannot be reached or says nothing that can be read.
    pub async fn list(&self, pages: usize) -> Result<(Vec<Listed>, Limits), Failure> {
        let mut all: Vec<Listed> = Vec::new();
        let mut limits = Limits::default();
        let mut after: Option<String> = None;
        for _ in 0..pages {
            let (page, of_page) = self.page(after.as_deref()).await?;
            limits = of_page;
            let is_new = |batch: &Listed| all.iter().all(|known| known.id != batch.id);
            let new: Vec<Listed> = page.batches.into_iter().filter(is_new).collect();
            let is_over = new.is_empty() || page.next.is_none();
            all.extend(new);
            if is_over {
                break;
            }
            after = page.next;
        }
        Ok((all, limits))
    }

    /// Asks for a batch to be ended early; what is answered already stays answered and charged for.
    ///
    /// # Errors
    /// Where the server refuses or cannot be reached.
    pub async fn cancel(&self, id: &str) -> Result<((), Limits), Failure> {
        let url = format!("{}/cancel", self.url_of(id));
        let (_, limits) = self
            .call(Method::POST, &url, None, Some(b"{}".to_vec()))
            .await?;
        Ok(((), limits))
    }

    async fn page(&self, after: Option<&str>) -> Result<(Page, Limits), Failure> {
        let mut url = reqwest::Url::parse(&self.endpoint.batches_url())
            .map_err(|_| self.no_message("the address of batches is none"))?;
        url.query_pairs_mut().append_pair("limit", ON_A_PAGE);
        if let Some(after) = after {
            let name = match self.endpoint.dialect {
                Dialect::Anthropic => "after_id",
                Dialect::OpenAi => "after",
            };
            url.query_pairs_mut().append_pair(name, after);
        }
        let (body, limits) = self.call(Method::GET, url.as_str(), None, None).await?;
        let list = Node::read(&body).ok().map(Node::fields).unwrap_or_default();
        let Some(items) = list.get("data").filter(|data| data.is_list()) else {
            return Err(self.no_message("JSON, but no list of batches"));
        };
        let batches: Vec<Listed> = items
            .items()
            .into_iter()
            .filter_map(|item| match self.endpoint.dialect {
                Dialect::Anthropic => anthropic_batches::listed(&item.fields()),
                Dialect::OpenAi => openai_batches::listed(&item.fields()),
            })
            .filter(|batch| is_plain(&batch.id))
            .collect();
        let has_more = list
            .get("has_more")
            .is_some_and(|more| more.source() == "true");
        let last = list
            .text("last_id")
            .or_else(|| batches.last().map(|batch| batch.id.clone()));
        let page = Page {
            batches,
            next: last.filter(|_| has_more),
        };
        Ok((page, limits))
    }

    fn url_of(&self, id: &str) -> String {
        format!("{}/{id}", self.endpoint.batches_url())
    }

    /// The id in a response; one that is no plain word could name another address.
    fn id_in(&self, body: &str) -> Result<String, Failure> {
        let fields = Node::read(body).ok().map(Node::fields).unwrap_or_default();
        fields
            .text("id")
            .filter(|id| is_plain(id))
            .ok_or_else(|| self.no_message("JSON, but without a usable `id`"))
    }

    async fn call(
        &self,
        method: Method,
        url: &str,
        kind: Option<&str>,
        body: Option<Vec<u8>>,
    ) -> Result<(String, Limits), Failure> {
        let mut headers = dialect::headers(self.endpoint);
        if let Some(kind) = kind.and_then(|kind| HeaderValue::from_str(kind).ok()) {
            headers.insert(CONTENT_TYPE, kind);
        }
        let response = self.client.send(method, url, headers, body, || ()).await?;
        let now = now();
        if !(200..300).contains(&response.status) {
            return Err(error_body::failure(
                self.endpoint,
                response.status,
                &response.headers,
                &response.body,
                now,
            ));
        }
        let text = String::from_utf8_lossy(&response.body).trim().to_owned();
        match Node::read(&text) {
            Ok(node) if node.is_object() && node.fields().get("error").is_some() => {
                Err(error_body::failure_within(
                    self.endpoint,
                    response.status,
                    &node.fields(),
                    &response.headers,
                    now,
                ))
            }
            Ok(node) if node.is_object() => Ok((text, Limits::of(&response.headers, now))),
            _ => Err(self.no_message("the response is no JSON object")),
        }
    }

    fn no_message(&self, what: &str) -> Failure {
        error_body::no_message(self.endpoint, 200, what, &HeaderMap::new(), now())
    }
}

/// Whether an id is a word that can stand in an address as it is.
fn is_plain(id: &str) -> bool {
    let is_letter = |letter: char| letter.is_ascii_alphanumeric() || "_-.:".contains(letter);
    !id.is_empty() && id.len() <= 256 && id.chars().all(is_letter) && !id.contains("..")
}

fn now() -> Moment {
    Moment(jiff::Timestamp::now().as_millisecond())
}
