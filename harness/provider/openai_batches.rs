//! OpenAI's batches: a file of lines goes up, files with results and with errors come down.

use serde_json::json;

use crate::domain::moment::Moment;

use super::batches::{Listed, Standing};
use super::endpoint::Endpoint;
use super::json::Fields;

/// The key under which our own name stands in a batch's metadata.
const NAME: &str = "validate_batch";

/// The form of an upload: its content type and its bytes.
pub(super) fn form(name: &str, lines: &[u8]) -> (String, Vec<u8>) {
    // The name is drawn from a hash, so that no line holds it.
    let boundary = format!("validate-{name}");
    let mut form = format!(
        "--{boundary}\r\nContent-Disposition: form-data; name=\"purpose\"\r\n\r\nbatch\r\n\
         --{boundary}\r\nContent-Disposition: form-data; name=\"file\"; filename=\"{name}.jsonl\"\r\n\
         Content-Type: application/octet-stream\r\n\r\n"
    )
    .into_bytes();
    form.reserve(lines.len() + boundary.len() + 8);
    form.extend_from_slice(lines);
    form.extend_from_slice(format!("\r\n--{boundary}--\r\n").as_bytes());
    (format!("multipart/form-data; boundary={boundary}"), form)
}

/// The body of a submission.
pub(super) fn body(name: &str, file: &str, path: &str) -> Vec<u8> {
    json!({
        "input_file_id": file,
        "endpoint": path,
        "completion_window": "24h",
        "metadata": {NAME: name},
    })
    .to_string()
    .into_bytes()
}

/// How far a batch is; `None` where that was not told.
pub(super) fn standing(endpoint: &Endpoint, batch: &Fields<'_>) -> Option<Standing> {
    match batch.text("status")?.as_str() {
        "completed" | "expired" | "cancelled" => {
            let results = ["output_file_id", "error_file_id"]
                .into_iter()
                .filter_map(|key| batch.text(key))
                .filter(|id| !id.is_empty())
                .map(|id| format!("{}/{id}/content", endpoint.files_url()))
                .collect();
            Some(Standing::Ended(results))
        }
        "failed" => {
            let errors = batch.fields("errors").get("data");
            let said: Vec<String> = errors
                .map(|errors| errors.items())
                .unwrap_or_default()
                .into_iter()
                .take(3)
                .filter_map(|error| error.fields().text("message"))
                .collect();
            let said = super::error_body::one_line(endpoint, &said.join("; "));
            Some(Standing::Failed(match said.is_empty() {
                true => "the provider gave no reason".to_owned(),
                false => said,
            }))
        }
        _ => Some(Standing::Running),
    }
}

pub(super) fn listed(batch: &Fields<'_>) -> Option<Listed> {
    Some(Listed {
        id: batch.text("id")?,
        name: batch.fields("metadata").text(NAME),
        created: batch
            .count("created_at")
            .and_then(|seconds| i64::try_from(seconds).ok())
            .map(|seconds| Moment(seconds.saturating_mul(1_000))),
        requests: batch.fields("request_counts").count("total"),
    })
}
