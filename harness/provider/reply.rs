//! What a provider answered, in words of no vendor.

use crate::domain::answer::{AnswerUsage, Stop};

use super::limits::Limits;

/// One answer, as it came.
#[derive(Debug, Clone, PartialEq)]
pub struct Reply {
    /// The text of the answer; of a refusal, what the provider said of it.
    pub text: String,
    /// Why the model stopped.
    pub stop: Stop,
    /// What it cost.
    pub usage: AnswerUsage,
    /// The provider's name for this exchange.
    pub request_id: Option<String>,
    /// The model that answered, as the provider named it.
    pub served_by: Option<String>,
    /// How probable the model held the label, 0 to 1, where the provider tells: the product of its tokens' probabilities.
    pub label_probability: Option<f64>,
    /// The provider billed it as part of a batch.
    pub batched: bool,
    /// What the headers said about limits.
    pub limits: Limits,
}
