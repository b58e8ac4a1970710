//! Strings that are made into text when somebody asks for them.

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;

use serde::de::{Deserialize, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};

use super::loose::ignoring;
use super::skim::unescaped;

/// A string as it stands between its quotes, read when it is asked for: most texts of a transcript never are.
#[derive(Debug, Default, Clone, Copy)]
pub(super) struct Later<'a>(Option<&'a [u8]>);

impl<'a> Later<'a> {
    /// The string that stands between quotes as `raw`.
    pub(super) fn new(raw: &'a [u8]) -> Self {
        Self(Some(raw))
    }

    /// What it says; `None` where the field holds no string. What is no escape of JSON becomes the replacement character.
    pub(super) fn get(&self) -> Option<Cow<'a, str>> {
        self.0.map(|raw| unescaped(raw).0)
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Later<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct LaterVisitor<'a>(PhantomData<&'a ()>);
        impl<'de: 'a, 'a> Visitor<'de> for LaterVisitor<'a> {
            type Value = Later<'a>;
            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("any value")
            }
            fn visit_borrowed_bytes<E>(self, raw: &'de [u8]) -> Result<Self::Value, E> {
                Ok(Later(Some(raw)))
            }
            ignoring!(bool, number, string, null, list, object);
        }
        deserializer.deserialize_bytes(LaterVisitor(PhantomData))
    }
}
