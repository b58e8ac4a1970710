//! The prompt cache as Anthropic documents it, and the automatic one of OpenAI.
//!
//! A request is a list of blocks: tools, system, messages. Each place after a block has a key: the hash of model, workspace,
//! schema, thinking, effort, tool choice and of all blocks so far. A block with `cache_control` is a breakpoint: its place is
//! written when the response begins, and read by later requests that have the same place at or up to 20 blocks before one of
//! their own breakpoints.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use serde_json::Value;

use super::asked::{hash, push_texts};

/// How far before a breakpoint an entry is looked for, in blocks.
const LOOKBACK: usize = 20;

type Key = [u8; 32];

/// Bytes of text as tokens.
pub fn tokens(bytes: usize) -> u64 {
    u64::try_from(bytes.div_ceil(4)).unwrap()
}

/// How long an entry lives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ttl {
    FiveMinutes,
    OneHour,
}

impl Ttl {
    fn duration(self) -> Duration {
        match self {
            Self::FiveMinutes => Duration::from_secs(300),
            Self::OneHour => Duration::from_secs(3_600),
        }
    }

    fn of(control: &Value) -> Option<Self> {
        match control["ttl"].as_str() {
            _ if !control.is_object() => None,
            Some("1h") => Some(Self::OneHour),
            _ => Some(Self::FiveMinutes),
        }
    }
}

/// One place of a request, after a block.
#[derive(Debug, Clone)]
pub struct Place {
    key: Key,
    /// Tokens of everything up to here.
    pub tokens: u64,
    /// The block is a breakpoint.
    pub breakpoint: Option<Ttl>,
}

/// The places of an Anthropic body; tokens of the whole request are those of the last.
pub fn places(body: &Value, workspace: &str) -> Vec<Place> {
    let config = &body["output_config"];
    let schema = match &config["format"]["schema"] {
        Value::Null => String::new(),
        schema => schema.to_string(),
    };
    let mut key = hash(&[
        workspace.as_bytes(),
        body["model"].to_string().as_bytes(),
        schema.as_bytes(),
        config["effort"].to_string().as_bytes(),
        body["thinking"].to_string().as_bytes(),
        body["tool_choice"].to_string().as_bytes(),
    ]);
    let mut bytes = schema.len();
    let mut places = Vec::new();
    let mut push = |role: &str, block: &Value| {
        let (text, control) = match block {
            Value::String(text) => (text.clone(), &Value::Null),
            _ => (text_of(block), &block["cache_control"]),
        };
        bytes += text.len();
        key = hash(&[&key, role.as_bytes(), text.as_bytes()]);
        places.push(Place {
            key,
            tokens: tokens(bytes),
            breakpoint: Ttl::of(control),
        });
    };
    for tool in body["tools"].as_array().into_iter().flatten() {
        push("tool", tool);
    }
    each_block(&body["system"], |block| push("system", block));
    for message in body["messages"].as_array().into_iter().flatten() {
        let role = message["role"].as_str().unwrap_or_default();
        each_block(&message["content"], |block| push(role, block));
    }
    if let (Some(ttl), Some(last)) = (Ttl::of(&body["cache_control"]), places.last_mut()) {
        last.breakpoint.get_or_insert(ttl);
    }
    places
}

/// Calls with each block of a content; a string is one.
pub fn each_block<'body>(content: &'body Value, mut call: impl FnMut(&'body Value)) {
    match content {
        Value::String(_) => call(content),
        Value::Array(blocks) => blocks.iter().for_each(call),
        _ => {}
    }
}

/// What of a block counts as text: the text of a text block, all of any other block but its cache mark.
fn text_of(block: &Value) -> String {
    if block["type"] == "text" {
        return block["text"].as_str().unwrap_or_default().to_owned();
    }
    let mut block = block.clone();
    if let Some(fields) = block.as_object_mut() {
        fields.remove("cache_control");
    }
    block.to_string()
}

/// How the input of one request splits, and what it will write.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CacheUse {
    pub input: u64,
    pub write_5m: u64,
    pub write_1h: u64,
    pub read: u64,
    writes: Vec<(Key, Duration)>,
}

/// The entries that can be read.
#[derive(Debug, Default)]
pub struct Cache {
    entries: HashMap<Key, (Instant, Duration)>,
}

impl Cache {
    /// What a request that starts now reads and writes. A read keeps its entries for another time to live.
    pub fn split(&mut self, places: &[Place], minimum: u64, now: Instant) -> CacheUse {
        let total = places.last().map_or(0, |place| place.tokens);
        let marks: Vec<usize> = (0..places.len())
            .filter(|&at| places[at].breakpoint.is_some() && minimum <= places[at].tokens)
            .collect();
        let is_readable = |key: &Key| self.entries.get(key).is_some_and(|(end, _)| now < *end);
        let hit = marks
            .iter()
            .flat_map(|&mark| mark.saturating_sub(LOOKBACK)..=mark)
            .filter(|&at| is_readable(&places[at].key))
            .max();
        let mut split = CacheUse::default();
        if let Some(hit) = hit {
            split.read = places[hit].tokens;
            for place in &places[..=hit] {
                if let Some((end, life)) = self.entries.get_mut(&place.key)
                    && now < *end
                {
                    *end = now + *life;
                }
            }
        }
        let mut reached = split.read;
        for &mark in &marks {
            if hit.is_some_and(|hit| mark <= hit) {
                continue;
            }
            let place = &places[mark];
            let written = place.tokens - reached;
            reached = place.tokens;
            let ttl = place.breakpoint.expect("marks are breakpoints");
            match ttl {
                Ttl::FiveMinutes => split.write_5m += written,
                Ttl::OneHour => split.write_1h += written,
            }
            split.writes.push((place.key, ttl.duration()));
        }
        split.input = total - reached;
        split
    }

    /// The response to a request that started at `start` begins: what it wrote can be read.
    pub fn begin(&mut self, split: &CacheUse, start: Instant) {
        for &(key, life) in &split.writes {
            self.entries.insert(key, (start + life, life));
        }
    }

    /// OpenAI: the longest known beginning of a prompt, in steps of 128 tokens from 1,024 on. What is new can be read once
    /// [`Cache::begin`] was called.
    pub fn split_automatic(&mut self, body: &Value, now: Instant) -> CacheUse {
        const STEP: usize = 128 * 4;
        let schema = match &body["response_format"]["json_schema"]["schema"] {
            Value::Null => String::new(),
            schema => schema.to_string(),
        };
        let mut text = schema;
        for message in body["messages"].as_array().into_iter().flatten() {
            push_texts(&message["content"], &mut text);
        }
        let total = tokens(text.len());
        let mut split = CacheUse::default();
        let mut key = hash(&[b"openai", body["model"].to_string().as_bytes()]);
        for (step, part) in (1..).zip(text.as_bytes().chunks_exact(STEP)) {
            key = hash(&[&key, part]);
            if step < 8 {
                continue;
            }
            if self.entries.get(&key).is_some_and(|(end, _)| now < *end) {
                split.read = step * 128;
            }
            split.writes.push((key, Duration::from_secs(1_800)));
        }
        split.input = total - split.read;
        split
    }
}
