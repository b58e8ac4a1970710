//! Any bytes can be offered as a transcript of this format.
#![no_main]

#[path = "../checks.rs"]
#[allow(dead_code, reason = "each target uses one check")]
mod checks;

use harness::ingest::detect::Format;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| checks::transcript(Format::Gemini, bytes, true));
