//! The fields of a Claude Code line that mean something here; all others are skipped unread.

use std::fmt;
use std::marker::PhantomData;

use serde::Deserialize;
use serde::de::{Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};

use crate::ingest::later::Later;
use crate::ingest::loose::{Bool, Count, Object, Present, Str, ignoring};
use crate::ingest::skim::AS_IT_STANDS;

/// One JSON object of a transcript.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct Entry<'a> {
    #[serde(borrow, rename = "type")]
    pub(super) kind: Str<'a>,
    #[serde(borrow)]
    pub(super) session_id: Str<'a>,
    #[serde(borrow)]
    pub(super) timestamp: Str<'a>,
    #[serde(borrow)]
    pub(super) version: Str<'a>,
    #[serde(borrow)]
    pub(super) entrypoint: Str<'a>,
    #[serde(borrow)]
    pub(super) cwd: Str<'a>,
    #[serde(borrow)]
    pub(super) prompt_source: Str<'a>,
    #[serde(borrow)]
    pub(super) origin: Object<Origin<'a>>,
    pub(super) is_sidechain: Bool,
    pub(super) is_meta: Bool,
    pub(super) is_compact_summary: Bool,
    pub(super) is_api_error_message: Bool,
    pub(super) plan_content: Present,
    #[serde(borrow)]
    pub(super) message: Object<Message<'a>>,
    #[serde(borrow)]
    pub(super) tool_use_result: ToolUseResult<'a>,
    #[serde(borrow)]
    pub(super) subtype: Str<'a>,
    pub(super) duration_ms: Count,
    #[serde(borrow)]
    pub(super) operation: Str<'a>,
    /// Text of a queue operation.
    #[serde(borrow)]
    pub(super) content: Later<'a>,
    #[serde(borrow)]
    pub(super) attachment: Object<Attachment<'a>>,
    #[serde(borrow)]
    pub(super) data: Object<Progress<'a>>,
    #[serde(borrow, rename = "parentToolUseID")]
    pub(super) parent_tool_use_id: Str<'a>,
    #[serde(borrow)]
    pub(super) pr_url: Str<'a>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Origin<'a> {
    #[serde(borrow)]
    pub(super) kind: Str<'a>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Message<'a> {
    #[serde(borrow)]
    pub(super) id: Str<'a>,
    #[serde(borrow)]
    pub(super) model: Str<'a>,
    #[serde(borrow)]
    pub(super) content: Content<'a>,
    pub(super) usage: Object<TokenUsage>,
}

#[derive(Debug, Default, Clone, Copy, Deserialize)]
#[serde(default)]
#[expect(clippy::struct_field_names, reason = "the provider's names")]
pub(super) struct TokenUsage {
    pub(super) input_tokens: Count,
    pub(super) output_tokens: Count,
    pub(super) cache_read_input_tokens: Count,
    pub(super) cache_creation_input_tokens: Count,
}

/// `content` is a string or a list of blocks.
#[derive(Debug, Default)]
pub(super) enum Content<'a> {
    Text(Later<'a>),
    Blocks(Vec<Block<'a>>),
    #[default]
    Other,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Block<'a> {
    #[serde(borrow, rename = "type")]
    pub(super) kind: Str<'a>,
    #[serde(borrow)]
    pub(super) text: Later<'a>,
    #[serde(borrow)]
    pub(super) thinking: Later<'a>,
    #[serde(borrow)]
    pub(super) id: Str<'a>,
    #[serde(borrow)]
    pub(super) name: Str<'a>,
    #[serde(borrow)]
    pub(super) input: Input<'a>,
    #[serde(borrow)]
    pub(super) tool_use_id: Str<'a>,
    pub(super) is_error: Bool,
    #[serde(borrow)]
    pub(super) content: Option<Box<Content<'a>>>,
}

/// A JSON value as it stands in the line.
#[derive(Debug, Default)]
pub(super) struct Input<'a>(pub(super) Option<&'a [u8]>);

/// The structured twin of a tool result: a string for errors, an object for most tools.
#[derive(Debug, Default)]
pub(super) enum ToolUseResult<'a> {
    Object(Box<ResultFields<'a>>),
    /// A string, a list or anything else: it carries no structure to count on.
    #[default]
    Other,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct ResultFields<'a> {
    #[serde(borrow, rename = "type")]
    pub(super) kind: Str<'a>,
    #[serde(borrow)]
    pub(super) file_path: Str<'a>,
    #[serde(borrow)]
    pub(super) content: Later<'a>,
    pub(super) structured_patch: Patch,
    #[serde(borrow)]
    pub(super) git_operation: Object<GitOperation<'a>>,
    pub(super) total_tool_use_count: Count,
    pub(super) tool_stats: Object<ToolStats>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct GitOperation<'a> {
    pub(super) commit: Present,
    #[serde(borrow)]
    pub(super) pr: Object<PullRequest<'a>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct PullRequest<'a> {
    #[serde(borrow)]
    pub(super) url: Str<'a>,
}

#[derive(Debug, Default, Clone, Copy, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct ToolStats {
    pub(super) lines_added: Count,
    pub(super) lines_removed: Count,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct Attachment<'a> {
    #[serde(borrow, rename = "type")]
    pub(super) kind: Str<'a>,
    #[serde(borrow)]
    pub(super) prompt: Content<'a>,
    #[serde(borrow)]
    pub(super) command_mode: Str<'a>,
}

/// Progress of a sub-agent repeats its messages.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct Progress<'a> {
    #[serde(borrow, rename = "type")]
    pub(super) kind: Str<'a>,
    #[serde(borrow)]
    pub(super) message: Object<NestedEntry<'a>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct NestedEntry<'a> {
    #[serde(borrow)]
    pub(super) message: Object<Message<'a>>,
    #[serde(borrow)]
    pub(super) tool_use_result: ToolUseResult<'a>,
}

/// Line counts of a structured patch. `seen` tells an empty patch from none.
#[derive(Debug, Default, Clone, Copy)]
pub(super) struct Patch {
    pub(super) seen: bool,
    pub(super) hunks: u64,
    pub(super) added: u64,
    pub(super) removed: u64,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Hunk {
    lines: HunkLines,
}

#[derive(Default)]
struct HunkLines {
    added: u64,
    removed: u64,
}

impl<'de: 'a, 'a> Deserialize<'de> for Content<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct ContentVisitor<'a>(PhantomData<&'a ()>);
        impl<'de: 'a, 'a> Visitor<'de> for ContentVisitor<'a> {
            type Value = Content<'a>;
            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("a string or a list of content blocks")
            }
            fn visit_borrowed_bytes<E>(self, raw: &'de [u8]) -> Result<Self::Value, E> {
                Ok(Content::Text(Later::new(raw)))
            }
            fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Self::Value, A::Error> {
                let mut blocks = Vec::new();
                while let Some(block) = items.next_element::<Object<Block<'a>>>()? {
                    blocks.extend(block.0);
                }
                Ok(Content::Blocks(blocks))
            }
            ignoring!(bool, number, string, null, object);
        }
        deserializer.deserialize_bytes(ContentVisitor(PhantomData))
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Input<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct InputVisitor<'a>(PhantomData<&'a ()>);
        impl<'de: 'a, 'a> Visitor<'de> for InputVisitor<'a> {
            type Value = Input<'a>;
            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("any value")
            }
            fn visit_borrowed_bytes<E>(self, raw: &'de [u8]) -> Result<Self::Value, E> {
                Ok(Input(Some(raw)))
            }
        }
        deserializer.deserialize_newtype_struct(AS_IT_STANDS, InputVisitor(PhantomData))
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for ToolUseResult<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Object::<ResultFields<'a>>::deserialize(deserializer).map(|object| {
            object
                .0
                .map_or(Self::Other, |fields| Self::Object(Box::new(fields)))
        })
    }
}

impl<'de> Deserialize<'de> for Patch {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct PatchVisitor;
        impl<'de> Visitor<'de> for PatchVisitor {
            type Value = Patch;
            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("a list of hunks")
            }
            fn visit_seq<A: SeqAccess<'de>>(self, mut hunks: A) -> Result<Patch, A::Error> {
                let mut patch = Patch {
                    seen: true,
                    ..Patch::default()
                };
                while let Some(hunk) = hunks.next_element::<Object<Hunk>>()? {
                    patch.hunks += 1;
                    if let Some(hunk) = hunk.get() {
                        patch.added += hunk.lines.added;
                        patch.removed += hunk.lines.removed;
                    }
                }
                Ok(patch)
            }
            ignoring!(bool, number, string, null, object);
        }
        deserializer.deserialize_any(PatchVisitor)
    }
}

impl<'de> Deserialize<'de> for HunkLines {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct LinesVisitor;
        impl<'de> Visitor<'de> for LinesVisitor {
            type Value = HunkLines;
            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("a list of lines with their signs")
            }
            fn visit_seq<A: SeqAccess<'de>>(self, mut lines: A) -> Result<HunkLines, A::Error> {
                let mut counts = HunkLines::default();
                while let Some(line) = lines.next_element::<FirstByte>()? {
                    match line.0 {
                        Some(b'+') => counts.added += 1,
                        Some(b'-') => counts.removed += 1,
                        // Context, or `\` for "no newline at end of file".
                        _ => {}
                    }
                }
                Ok(counts)
            }
            ignoring!(bool, number, string, null, object);
        }
        deserializer.deserialize_any(LinesVisitor)
    }
}

/// The first byte of a string.
#[derive(Default)]
struct FirstByte(Option<u8>);

impl<'de> Deserialize<'de> for FirstByte {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct ByteVisitor;
        impl<'de> Visitor<'de> for ByteVisitor {
            type Value = FirstByte;
            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("a line")
            }
            /// The string as it stands in the file: a sign can be written as an escape, which nobody does.
            fn visit_borrowed_bytes<E>(self, line: &'de [u8]) -> Result<FirstByte, E> {
                Ok(FirstByte(match line {
                    [b'\\', b'u', b'0', b'0', b'2', b'b' | b'B', ..] => Some(b'+'),
                    [b'\\', b'u', b'0', b'0', b'2', b'd' | b'D', ..] => Some(b'-'),
                    _ => line.first().copied(),
                }))
            }
            ignoring!(bool, number, string, null, list, object);
        }
        deserializer.deserialize_bytes(ByteVisitor)
    }
}
