//! What a request asks, whichever dialect it speaks: who it is, and whether it is a repair.

use serde_json::Value;
use sha2::{Digest, Sha256};

/// The SHA-256 of the parts, each closed by a zero byte.
pub fn hash(parts: &[&[u8]]) -> [u8; 32] {
    let mut hasher = Sha256::new();
    for part in parts {
        hasher.update(part);
        hasher.update([0]);
    }
    hasher.finalize().into()
}

/// The first eight bytes of a hash as a number.
pub fn number(hash: &[u8; 32]) -> u64 {
    u64::from_le_bytes(hash[..8].try_into().unwrap())
}

/// A hash in hexadecimal.
pub fn hex(hash: &[u8]) -> String {
    hash.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// One question to a model.
#[derive(Debug, Clone)]
pub struct Asked {
    pub model: String,
    /// The hash of model, system text and the first user turn: a repair has the identity of the request that it repairs.
    pub identity: [u8; 32],
    /// An earlier answer stands in the request.
    pub is_repair: bool,
    /// The classifier's text: the last of several blocks, or what follows the session in a single one. All of the user's text
    /// where no session is marked.
    pub question: String,
    /// The first heading of that text, without the marks.
    pub classifier: String,
    /// All texts of the first user turn and the system.
    pub text: String,
}

impl Asked {
    /// Reads a body of either dialect; `None` where it has no messages.
    pub fn read(body: &Value) -> Option<Self> {
        let model = body["model"].as_str().unwrap_or_default().to_owned();
        let mut system = String::new();
        let mut user = String::new();
        push_texts(&body["system"], &mut system);
        let mut is_repair = false;
        let mut last_block = None;
        for message in body["messages"].as_array()? {
            match message["role"].as_str() {
                Some("system" | "developer") => push_texts(&message["content"], &mut system),
                Some("assistant") => is_repair = true,
                _ if is_repair => {}
                _ => {
                    push_texts(&message["content"], &mut user);
                    let blocks = message["content"].as_array();
                    last_block = blocks
                        .filter(|blocks| 1 < blocks.len())
                        .and_then(|blocks| blocks.last());
                }
            }
        }
        let question = match (last_block, user.rfind("\nEND SESSION")) {
            (Some(block), _) => block["text"].as_str().unwrap_or_default(),
            (None, Some(end)) => user[end + 1..]
                .split_once('\n')
                .map_or("", |(_, after)| after),
            (None, None) => &user,
        }
        .to_owned();
        let classifier = question
            .lines()
            .find_map(|line| line.strip_prefix("# "))
            .unwrap_or_default()
            .to_owned();
        Some(Self {
            identity: hash(&[model.as_bytes(), system.as_bytes(), user.as_bytes()]),
            text: system + &user,
            model,
            is_repair,
            question,
            classifier,
        })
    }
}

/// Appends the texts of a content: a string, or blocks.
pub fn push_texts(content: &Value, into: &mut String) {
    match content {
        Value::String(text) => into.push_str(text),
        Value::Array(blocks) => {
            for block in blocks {
                into.push_str(block["text"].as_str().unwrap_or_default());
            }
        }
        _ => {}
    }
}
