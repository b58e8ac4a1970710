//! How probable a model held its label, from the log-probabilities of its tokens.

use super::json::Node;

/// The product of the probabilities of the tokens that spell the value of `label` in an answer, 0 to 1.
///
/// Tokens do not keep to quotes: one that holds the first or last letters of the label counts whole, one that holds only a
/// quote does not. `tokens` is the list of `choices[0].logprobs.content`. `None` where the answer has no label, or where
/// tokens and answer do not fit together.
pub(super) fn of(content: &str, tokens: &[Node<'_>]) -> Option<f64> {
    let (start, end) = label_span(content)?;
    let mut bytes: Vec<u8> = Vec::with_capacity(content.len());
    let mut spelled = Vec::with_capacity(tokens.len());
    for token in tokens {
        let token = token.fields();
        let from = bytes.len();
        bytes.extend(token_bytes(&token)?);
        spelled.push((
            from,
            bytes.len(),
            token.get("logprob").and_then(Node::number),
        ));
    }
    // Marks of the template may stand before or behind the answer.
    let offset = if bytes.starts_with(content.as_bytes()) {
        0
    } else {
        memchr::memmem::find(&bytes, content.as_bytes())?
    };
    let (start, end) = (start + offset, end + offset);
    let mut sum = 0.0;
    for (from, to, logprob) in spelled {
        if from < end && start < to {
            // Above 0 is no log-probability; a server that rounds may go there.
            sum += logprob?.min(0.0);
        }
    }
    Some(f64::exp(sum))
}

fn token_bytes(token: &super::json::Fields<'_>) -> Option<Vec<u8>> {
    match token.get("bytes").filter(|bytes| bytes.is_list()) {
        Some(bytes) => bytes
            .items()
            .into_iter()
            .map(|byte| byte.count().and_then(|byte| u8::try_from(byte).ok()))
            .collect(),
        None => token.text("token").map(String::into_bytes),
    }
}

/// Where the letters of the label stand in an answer, in bytes.
fn label_span(content: &str) -> Option<(usize, usize)> {
    let open = content.find('{')?;
    let object = &content[open..];
    let fields = Node::first_object(object)?;
    let value = fields.get("label")?.source();
    let letters = value.strip_prefix('"')?.strip_suffix('"')?;
    // The value is a part of the object's own text, so their addresses tell where it stands.
    let start = (letters.as_ptr() as usize).checked_sub(content.as_ptr() as usize)?;
    (!letters.is_empty()).then_some((start, start + letters.len()))
}
