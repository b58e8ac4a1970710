//! Who is asked, and where: `anthropic:NAME`, `openai:NAME@http://127.0.0.1:8080/v1`.

use super::key::Key;

/// Which vendor's requests a server understands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Dialect {
    /// The Anthropic Messages API and its batches.
    Anthropic,
    /// OpenAI chat completions and batches, as many servers speak them.
    OpenAi,
}

/// One model at one address.
#[derive(Debug, Clone)]
pub struct Endpoint {
    /// What the server understands.
    pub dialect: Dialect,
    /// The model's name, as the server knows it.
    pub model: String,
    /// The address without a slash at its end; paths of the dialect are appended.
    pub base: String,
    /// The address is the vendor's own.
    pub is_vendor: bool,
    /// The key; servers of one's own often need none.
    pub key: Option<Key>,
}
