//! Anthropic's Message Batches: one body with all requests, results at an address that the batch tells.

use crate::domain::moment::Moment;

use super::batches::{Listed, Standing};
use super::endpoint::Endpoint;
use super::json::Fields;

/// The body of a submission: the lines as the items of one list.
pub(super) fn body(lines: &[u8]) -> Vec<u8> {
    let mut body = Vec::with_capacity(lines.len() + 16);
    body.extend_from_slice(br#"{"requests":["#);
    // A line end inside a string is escaped, so that each one here ends an item.
    for (at, line) in lines
        .split(|&byte| byte == b'\n')
        .filter(|line| !line.is_empty())
        .enumerate()
    {
        if at > 0 {
            body.push(b',');
        }
        body.extend_from_slice(line);
    }
    body.extend_from_slice(b"]}");
    body
}

/// How far a batch is; `None` where that was not told.
pub(super) fn standing(endpoint: &Endpoint, id: &str, batch: &Fields<'_>) -> Option<Standing> {
    match batch.text("processing_status")?.as_str() {
        "ended" => {
            // A gateway may hand on its vendor's own address, where the key must not go: it is asked itself then.
            let results = batch
                .text("results_url")
                .and_then(|told| endpoint.resolve(&told).ok())
                .unwrap_or_else(|| format!("{}/{id}/results", endpoint.batches_url()));
            Some(Standing::Ended(vec![results]))
        }
        _ => Some(Standing::Running),
    }
}

pub(super) fn listed(batch: &Fields<'_>) -> Option<Listed> {
    let counts = batch.fields("request_counts");
    let kinds = ["processing", "succeeded", "errored", "canceled", "expired"];
    Some(Listed {
        id: batch.text("id")?,
        name: None,
        created: batch
            .text("created_at")
            .and_then(|told| told.parse::<jiff::Timestamp>().ok())
            .map(|created| Moment(created.as_millisecond())),
        requests: kinds
            .iter()
            .map(|kind| counts.count(kind))
            .sum::<Option<u64>>(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::provider::json::Node;

    #[test]
    fn lines_become_the_items_of_a_list() {
        let text = String::from_utf8(body(b"{\"a\":1}\n{\"b\":\"\\n\"}\n")).unwrap();
        assert_eq!(text, r#"{"requests":[{"a":1},{"b":"\n"}]}"#);
    }

    #[test]
    fn results_are_never_fetched_from_another_server() {
        let endpoint = Endpoint::parse("anthropic:m@http://127.0.0.1:9/x", &|_| None).unwrap();
        let told = |text: &str| {
            let batch = Node::read(text).unwrap().fields();
            standing(&endpoint, "b1", &batch)
        };
        let at = |url: &str| Some(Standing::Ended(vec![url.to_owned()]));
        assert_eq!(
            told(r#"{"processing_status": "ended", "results_url": "/x/y"}"#),
            at("http://127.0.0.1:9/x/y")
        );
        assert_eq!(
            told(r#"{"processing_status": "ended", "results_url": "https://elsewhere.example/y"}"#),
            at("http://127.0.0.1:9/x/v1/messages/batches/b1/results")
        );
        assert_eq!(
            told(r#"{"processing_status": "canceling"}"#),
            Some(Standing::Running)
        );
        assert_eq!(told("{}"), None);
    }
}
