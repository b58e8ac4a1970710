//! What a schema may hold so that every provider takes it: the part that Anthropic's structured outputs and OpenAI's
//! strict mode have in common.
//!
//! A provider answers a schema that goes beyond this with an error at the first request of a run, after the plan was
//! made and the money counted. So it is told here, all of it at once.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use super::schema::SchemaProblem;

/// Keywords that both vendors take. Everything else is refused: a keyword that one of them does not know is an error
/// there or, worse, silently without effect.
const KEYWORDS: &[&str] = &[
    "$defs",
    "$ref",
    "additionalProperties",
    "anyOf",
    "const",
    "description",
    "enum",
    "format",
    "items",
    "minItems",
    "pattern",
    "properties",
    "required",
    "title",
    "type",
];
const TYPES: &[&str] = &[
    "object", "array", "string", "integer", "number", "boolean", "null",
];
const FORMATS: &[&str] = &[
    "date-time",
    "time",
    "date",
    "duration",
    "email",
    "hostname",
    "ipv4",
    "ipv6",
    "uuid",
];
/// Parts of regular expressions that need more than a grammar.
const BEYOND_A_GRAMMAR: &[&str] = &["(?", "\\b", "\\B", "\\1", "\\2", "\\k"];
/// What a classifier's own schema is for.
const CHECKED_HERE: &str =
    "take it out; what narrows an answer belongs into the `answer.schema.json` of a classifier";

/// All that keeps a provider from taking `schema`.
pub(super) fn problems(schema: &Value) -> Vec<SchemaProblem> {
    let mut walk = Walk {
        root: schema,
        problems: Vec::new(),
    };
    if schema.get("type").and_then(Value::as_str) != Some("object") {
        walk.tell(
            "",
            "the root is not of type `object`",
            "let an answer be an object",
        );
    }
    walk.schema(schema, "");
    for name in names(schema.get("$defs")) {
        let mut seen = BTreeSet::new();
        if walk.reaches(&name, &name, &mut seen) {
            walk.tell(
                &format!("/$defs/{}", escaped(&name)),
                "a definition that contains itself",
                "write the levels out; providers build no grammar from recursion",
            );
        }
    }
    walk.problems
}

struct Walk<'s> {
    root: &'s Value,
    problems: Vec<SchemaProblem>,
}

impl Walk<'_> {
    fn tell(&mut self, pointer: &str, cause: &str, remedy: &str) {
        self.problems
            .push(SchemaProblem::new(pointer, cause, remedy));
    }

    fn schema(&mut self, schema: &Value, pointer: &str) {
        let Some(fields) = schema.as_object() else {
            self.tell(pointer, "not an object", "say what may stand here");
            return;
        };
        for (keyword, value) in fields {
            let pointer = format!("{pointer}/{}", escaped(keyword));
            self.keyword(keyword, value, &pointer);
        }
        if !["type", "enum", "const", "anyOf", "$ref"]
            .iter()
            .any(|keyword| fields.contains_key(*keyword))
        {
            self.tell(pointer, "allows everything", "give a `type`");
        }
        let is = |name: &str| match fields.get("type") {
            Some(Value::String(is)) => is == name,
            Some(Value::Array(types)) => types.iter().any(|is| is == name),
            _ => false,
        };
        if is("object") || fields.contains_key("properties") {
            self.object(fields, pointer);
        }
        if is("array") && !fields.contains_key("items") {
            self.tell(pointer, "a list without `items`", "say what the items are");
        }
    }

    fn keyword(&mut self, keyword: &str, value: &Value, pointer: &str) {
        match keyword {
            "properties" | "$defs" => match value.as_object() {
                Some(schemas) => {
                    for (name, schema) in schemas {
                        self.schema(schema, &format!("{pointer}/{}", escaped(name)));
                    }
                }
                None => self.tell(pointer, "not an object", "name each part with its schema"),
            },
            "items" => self.schema(value, pointer),
            "anyOf" => match value.as_array() {
                Some(schemas) if !schemas.is_empty() => self.alternatives(schemas, pointer),
                _ => self.tell(pointer, "not a list of schemas", "list the alternatives"),
            },
            "type" => self.types(value, pointer),
            "$ref" => self.reference(value, pointer),
            "format" if !value.as_str().is_some_and(|name| FORMATS.contains(&name)) => self.tell(
                pointer,
                &format!("the format {value} is not one that every provider knows"),
                &format!("use one of {}, or none", FORMATS.join(", ")),
            ),
            "minItems" if !matches!(value.as_u64(), Some(0 | 1)) => self.tell(
                pointer,
                "providers know 0 and 1 as the least number of items",
                CHECKED_HERE,
            ),
            "pattern" => {
                let pattern = value.as_str().unwrap_or_default();
                if let Some(part) = BEYOND_A_GRAMMAR
                    .iter()
                    .find(|part| pattern.contains(**part))
                {
                    self.tell(
                        pointer,
                        &format!("providers build no grammar from `{part}`"),
                        CHECKED_HERE,
                    );
                }
            }
            "enum" => self.enumeration(value, pointer),
            keyword if !KEYWORDS.contains(&keyword) => self.tell(
                pointer,
                &format!("not every provider takes `{keyword}`"),
                CHECKED_HERE,
            ),
            _ => {}
        }
    }

    fn object(&mut self, fields: &Map<String, Value>, pointer: &str) {
        if fields.get("additionalProperties") != Some(&Value::Bool(false)) {
            self.tell(
                pointer,
                "an object that may hold more than is named",
                "say `\"additionalProperties\": false`",
            );
        }
        let required: BTreeSet<&str> = fields
            .get("required")
            .and_then(Value::as_array)
            .into_iter()
            .flatten()
            .filter_map(Value::as_str)
            .collect();
        let properties = names(fields.get("properties"));
        for name in &properties {
            if !required.contains(name.as_str()) {
                self.tell(
                    &format!("{pointer}/required"),
                    &format!("`{name}` is optional, which strict mode refuses"),
                    "require it; an empty value can stand for nothing",
                );
            }
        }
        for name in required {
            if !properties.iter().any(|property| property == name) {
                self.tell(
                    &format!("{pointer}/required"),
                    &format!("`{name}` is required and not declared"),
                    "declare it in `properties` or take it out",
                );
            }
        }
    }

    fn types(&mut self, value: &Value, pointer: &str) {
        let single = std::slice::from_ref(value);
        let types = value.as_array().map_or(single, Vec::as_slice);
        for name in types {
            if !name.as_str().is_some_and(|name| TYPES.contains(&name)) {
                self.tell(
                    pointer,
                    &format!("{name} is no type"),
                    &format!("use one of {}", TYPES.join(", ")),
                );
            }
        }
        if value.is_array() && 1 < types.iter().filter(|name| *name != "null").count() {
            self.tell(
                pointer,
                "a union of types",
                "use one type; `null` alone may stand beside it",
            );
        }
    }

    fn alternatives(&mut self, schemas: &[Value], pointer: &str) {
        let is_null = |schema: &Value| schema.get("type").is_some_and(|name| name == "null");
        if 1 < schemas.iter().filter(|schema| !is_null(schema)).count() {
            self.tell(
                pointer,
                "a union of schemas",
                "use one schema; `null` alone may stand beside it",
            );
        }
        for (position, schema) in schemas.iter().enumerate() {
            self.schema(schema, &format!("{pointer}/{position}"));
        }
    }

    fn enumeration(&mut self, value: &Value, pointer: &str) {
        let values = value.as_array().map(Vec::as_slice).unwrap_or_default();
        if values.is_empty()
            || values
                .iter()
                .any(|value| value.is_object() || value.is_array())
        {
            self.tell(
                pointer,
                "not a list of plain values",
                "list strings or numbers",
            );
        }
        let mut seen = BTreeSet::new();
        for value in values {
            if !seen.insert(value.to_string().to_ascii_lowercase()) {
                self.tell(
                    pointer,
                    &format!("{value} differs from another value in nothing but capital letters"),
                    "rename one: providers do not promise the capitals of an enum",
                );
            }
        }
    }

    fn reference(&mut self, value: &Value, pointer: &str) {
        let known = names(self.root.get("$defs"));
        let inside = value
            .as_str()
            .and_then(|target| target.strip_prefix("#/$defs/"));
        if !inside.is_some_and(|name| known.iter().any(|known| escaped(known) == name)) {
            self.tell(
                pointer,
                &format!("{value} leads out of `$defs` of this file"),
                "define it under `$defs`, or write it out",
            );
        }
    }

    /// Whether the definition `from` uses `wanted`, directly or through others.
    fn reaches(&self, from: &str, wanted: &str, seen: &mut BTreeSet<String>) -> bool {
        let Some(schema) = self.root.get("$defs").and_then(|defs| defs.get(from)) else {
            return false;
        };
        let mut targets = Vec::new();
        references(schema, &mut targets);
        targets.into_iter().any(|target| {
            target == wanted || (seen.insert(target.clone()) && self.reaches(&target, wanted, seen))
        })
    }
}

fn references(value: &Value, into: &mut Vec<String>) {
    match value {
        Value::Object(fields) => {
            for (key, value) in fields {
                match value
                    .as_str()
                    .and_then(|target| target.strip_prefix("#/$defs/"))
                {
                    Some(name) if key == "$ref" => {
                        into.push(name.replace("~1", "/").replace("~0", "~"));
                    }
                    _ => references(value, into),
                }
            }
        }
        Value::Array(items) => items.iter().for_each(|item| references(item, into)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// The keys of an object in their order.
pub(super) fn names(value: Option<&Value>) -> Vec<String> {
    value
        .and_then(Value::as_object)
        .map(|fields| fields.keys().cloned().collect())
        .unwrap_or_default()
}

/// A key as it stands in a JSON pointer.
pub(super) fn escaped(key: &str) -> String {
    key.replace('~', "~0").replace('/', "~1")
}
