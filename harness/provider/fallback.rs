//! What a server cannot take, and how it is asked next time.
//!
//! Servers that speak a dialect rarely speak all of it. What one refuses is left out from then on; the caller keeps the
//! [`Fallback`] beside the endpoint. The vendors' own addresses are asked in their own way: a refused schema there is a
//! fault of ours and has to be seen.

use super::endpoint::{Dialect, Endpoint};
use super::failure::{Failure, FailureKind};

/// How the form of an answer is asked for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Form {
    /// The server holds the model to the schema.
    #[default]
    Schema,
    /// The server holds the model to some JSON object; the schema stands in the text.
    Object,
    /// The schema stands in the text alone.
    Text,
}

/// What is left out of bodies because a server refused it; nothing at first.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct Fallback {
    /// How the form is asked for.
    pub form: Form,
    /// No log-probabilities are asked for.
    pub without_logprobs: bool,
    /// No temperature is sent.
    pub without_temperature: bool,
    /// Nothing is said about reasoning.
    pub without_reasoning: bool,
    /// The length goes into the other of `max_tokens` and `max_completion_tokens`.
    pub other_length_field: bool,
}

/// What to leave out after this failure of a body that left out `had`; `None` where the failure is about something else.
///
/// Each step leaves out more, so that asking comes to an end after at most six.
#[must_use]
pub fn fallback(endpoint: &Endpoint, failure: &Failure, had: Fallback) -> Option<Fallback> {
    if failure.kind != FailureKind::Request || !matches!(failure.status, Some(400 | 422 | 501)) {
        return None;
    }
    let message = failure.message.to_lowercase();
    let says = |words: &[&str]| words.iter().any(|word| message.contains(word));
    // A prompt that is too long is told in terms of the same fields.
    if says(&[
        "context length",
        "context size",
        "too long",
        "too large",
        "exceed",
    ]) {
        return None;
    }
    let form_refused = says(&[
        "response_format",
        "response format",
        "json_schema",
        "json_object",
        "structured output",
        "output_config",
        "grammar",
    ]);
    let next = match endpoint.dialect {
        Dialect::Anthropic if endpoint.is_vendor => had,
        Dialect::Anthropic if form_refused => Fallback {
            form: Form::Text,
            ..had
        },
        Dialect::Anthropic => had,
        Dialect::OpenAi if says(&["logprob"]) => Fallback {
            without_logprobs: true,
            ..had
        },
        Dialect::OpenAi if says(&["max_completion_tokens", "max_tokens"]) => Fallback {
            other_length_field: true,
            ..had
        },
        Dialect::OpenAi if says(&["reasoning_effort", "reasoning effort"]) => Fallback {
            without_reasoning: true,
            // The vendor takes both only where there is no reasoning.
            without_temperature: true,
            without_logprobs: true,
            ..had
        },
        Dialect::OpenAi if says(&["temperature"]) => Fallback {
            without_temperature: true,
            ..had
        },
        Dialect::OpenAi if form_refused && !endpoint.is_vendor => Fallback {
            form: match had.form {
                Form::Schema => Form::Object,
                Form::Object | Form::Text => Form::Text,
            },
            ..had
        },
        Dialect::OpenAi => had,
    };
    (next != had).then_some(next)
}
