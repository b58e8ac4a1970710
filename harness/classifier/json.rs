//! JSON read without losing sight of what is wrong with it: doubles among keys, where it ends, whether it broke off.
//!
//! `serde_json` keeps the last of two equal keys and says nothing; here the double is reported. Its limit of 127 levels
//! stays on, so no text can exhaust the stack.

use std::cell::RefCell;
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::error::Category;
use serde_json::{Map, Number, Value};

/// A value that stands at the beginning of a text.
pub(super) struct Found {
    pub(super) value: Value,
    /// The first key that an object holds twice.
    pub(super) double: Option<String>,
    /// Bytes of the text up to the end of the value.
    pub(super) end: usize,
}

/// Why there is no value.
pub(super) enum NoJson {
    /// The text ends before the value does.
    BrokenOff,
    /// The value is nested too deep to be read.
    TooDeep,
    /// It is not JSON.
    Broken(String),
}

/// Reads the value that `text` begins with; what follows is left alone.
pub(super) fn first(text: &str) -> Result<Found, NoJson> {
    let double = RefCell::new(None);
    let mut deserializer = serde_json::Deserializer::from_str(text);
    let value = Seed(&double)
        .deserialize(&mut deserializer)
        .map_err(|error| match error.classify() {
            Category::Eof => NoJson::BrokenOff,
            Category::Io | Category::Syntax | Category::Data => {
                let message = error.to_string();
                // The one cause that has no category of its own.
                if message.starts_with("recursion limit exceeded") {
                    NoJson::TooDeep
                } else {
                    NoJson::Broken(message)
                }
            }
        })?;
    let end = deserializer.into_iter::<IgnoredAny>().byte_offset();
    Ok(Found {
        value,
        double: double.into_inner(),
        end,
    })
}

/// At most `most` characters of a text from outside, on one line, with nothing that a terminal obeys.
pub(super) fn shortened(text: &str, most: usize) -> String {
    let mut short = String::new();
    for (position, letter) in text.chars().enumerate() {
        if position == most {
            short.push('…');
            break;
        }
        if letter.is_control() || turns_the_line(letter) {
            short.extend(letter.escape_default());
        } else {
            short.push(letter);
        }
    }
    short
}

/// Characters that are no controls by their class and still reorder, hide or break what stands around them.
fn turns_the_line(letter: char) -> bool {
    matches!(letter, '\u{061c}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
}

struct Seed<'d>(&'d RefCell<Option<String>>);

impl<'de> DeserializeSeed<'de> for Seed<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Seed<'_> {
    type Value = Value;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(Value::Number(value.into()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(Value::Number(value.into()))
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Value, E> {
        Number::from_f64(value)
            .map(Value::Number)
            .ok_or_else(|| E::custom("a number that is not finite"))
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(Value::String(value.to_owned()))
    }

    fn visit_string<E>(self, value: String) -> Result<Value, E> {
        Ok(Value::String(value))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let mut list = Vec::new();
        while let Some(item) = items.next_element_seed(Seed(self.0))? {
            list.push(item);
        }
        Ok(Value::Array(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut fields: A) -> Result<Value, A::Error> {
        let mut object = Map::new();
        while let Some(key) = fields.next_key::<String>()? {
            let value = fields.next_value_seed(Seed(self.0))?;
            if object.contains_key(&key) {
                self.0.borrow_mut().get_or_insert(key);
            } else {
                object.insert(key, value);
            }
        }
        Ok(Value::Object(object))
    }
}
