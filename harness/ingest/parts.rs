//! Content that one client writes as a string, another as an object with a text, a third as a list of both.

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;

use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};

use super::loose::{Present, Str, ignoring};

/// The texts of such content, and how many pictures stand among them.
#[derive(Debug, Default)]
pub(super) struct Parts<'a> {
    texts: Vec<Cow<'a, str>>,
    pub(super) images: u32,
}

impl Parts<'_> {
    /// The texts, a line each.
    pub(super) fn text(&self) -> Cow<'_, str> {
        match self.texts.as_slice() {
            [] => Cow::Borrowed(""),
            [text] => Cow::Borrowed(text),
            texts => Cow::Owned(texts.join("\n")),
        }
    }
}

#[derive(Default, serde::Deserialize)]
#[serde(default)]
struct Part<'a> {
    #[serde(borrow, rename = "type")]
    kind: Str<'a>,
    #[serde(borrow)]
    text: Str<'a>,
    #[serde(borrow)]
    content: Parts<'a>,
    image_url: Present,
    #[serde(rename = "inlineData")]
    inline_data: Present,
}

impl<'de: 'a, 'a> Deserialize<'de> for Parts<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct PartsVisitor<'a>(PhantomData<&'a ()>);
        impl<'de: 'a, 'a> Visitor<'de> for PartsVisitor<'a> {
            type Value = Parts<'a>;
            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("any value")
            }
            fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Self::Value, E> {
                Ok(one(Cow::Borrowed(text)))
            }
            fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
                Ok(one(Cow::Owned(text.to_owned())))
            }
            fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Self::Value, A::Error> {
                let mut parts = Parts::default();
                while let Some(item) = items.next_element::<Parts<'a>>()? {
                    parts.texts.extend(item.texts);
                    parts.images = parts.images.saturating_add(item.images);
                }
                Ok(parts)
            }
            fn visit_map<A: MapAccess<'de>>(self, fields: A) -> Result<Self::Value, A::Error> {
                let part = Part::deserialize(serde::de::value::MapAccessDeserializer::new(fields))?;
                let is_picture = part.image_url.0
                    || part.inline_data.0
                    || part.kind.get().is_some_and(|kind| kind.contains("image"));
                let mut parts = part.content;
                parts.images = parts.images.saturating_add(u32::from(is_picture));
                parts.texts.extend(part.text.0);
                Ok(parts)
            }
            ignoring!(bool, number, null);
        }
        deserializer.deserialize_any(PartsVisitor(PhantomData))
    }
}

fn one(text: Cow<'_, str>) -> Parts<'_> {
    Parts {
        texts: vec![text],
        images: 0,
    }
}
