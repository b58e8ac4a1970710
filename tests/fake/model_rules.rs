//! What each Anthropic model demands, as documented in late 2026.

use super::plan::Plan;

/// What a model demands.
#[derive(Debug, Clone, Copy)]
pub(super) struct Rules {
    /// The shortest prefix that is cached, in tokens.
    pub(super) cache_minimum: u64,
    pub(super) thinks_by_default: bool,
    /// `thinking: disabled`: never, only up to effort high, or always.
    pub(super) disabled: Disabled,
    pub(super) refuses_enabled: bool,
    /// Only `enabled` with a budget is known.
    pub(super) is_budgeted: bool,
    pub(super) refuses_forced_tools: bool,
    /// Temperatures other than 1 are honoured on the older version.
    pub(super) honours_temperature: bool,
    pub(super) refuses_prefill: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Disabled {
    Never,
    UpToHigh,
    Always,
}

/// The rules of a model, by the longest beginning of its name that is known. Where the documents are silent, the most common
/// rule stands: 1,024 tokens for Opus 5.5, Sonnet 5.5 and models of the test's own.
pub(super) fn rules(model: &str) -> Rules {
    let new = Rules {
        cache_minimum: 1_024,
        thinks_by_default: true,
        disabled: Disabled::Always,
        refuses_enabled: false,
        is_budgeted: false,
        refuses_forced_tools: false,
        honours_temperature: false,
        refuses_prefill: true,
    };
    let always = Rules {
        disabled: Disabled::Never,
        ..new
    };
    let old = Rules {
        cache_minimum: 4_096,
        thinks_by_default: false,
        is_budgeted: true,
        honours_temperature: true,
        refuses_prefill: false,
        ..new
    };
    let off = Rules {
        thinks_by_default: false,
        ..new
    };
    let is = |start: &str| model.starts_with(start);
    if is("claude-opus-5-5") {
        Rules {
            refuses_enabled: true,
            refuses_forced_tools: true,
            ..always
        }
    } else if is("claude-sonnet-5-5") {
        always
    } else if is("claude-haiku-5-5") || is("claude-opus-5") {
        Rules {
            cache_minimum: 512,
            disabled: Disabled::UpToHigh,
            ..new
        }
    } else if is("claude-fable-5-2") {
        always
    } else if is("claude-fable-5") {
        Rules {
            cache_minimum: 512,
            ..always
        }
    } else if is("claude-opus-4-8") {
        off
    } else if is("claude-opus-4-7") {
        Rules {
            cache_minimum: 2_048,
            ..off
        }
    } else if is("claude-opus-4-6") {
        Rules {
            cache_minimum: 4_096,
            honours_temperature: true,
            ..off
        }
    } else if is("claude-sonnet-4-6") {
        Rules {
            honours_temperature: true,
            ..off
        }
    } else if is("claude-sonnet-4-5") {
        Rules {
            cache_minimum: 1_024,
            ..old
        }
    } else if is("claude-opus-4-5") || is("claude-haiku-4-5") {
        old
    } else if is("claude-sonnet-5") {
        new
    } else {
        off
    }
}

const FAMILIES: &[&str] = &[
    "claude-opus-5",
    "claude-opus-4-",
    "claude-sonnet-5",
    "claude-sonnet-4-",
    "claude-haiku-5-5",
    "claude-haiku-4-5",
    "claude-fable-5",
    "claude-mythos-5-2",
];

pub(super) fn is_known(plan: &Plan, model: &str) -> bool {
    plan.models.iter().any(|own| own == model)
        || FAMILIES.iter().any(|family| model.starts_with(family))
}
