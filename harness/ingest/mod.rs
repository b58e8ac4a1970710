//! Outside formats into the words of `domain`. Problems are counted, never fatal; nothing of a format leaves its file.

pub mod claude_code;
pub mod detect;
pub mod lines;
mod loose;
