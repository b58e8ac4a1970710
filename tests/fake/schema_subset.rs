//! The part of JSON Schema that structured outputs accept.

use serde_json::Value;

const KEYS: &[&str] = &[
    "type",
    "enum",
    "const",
    "anyOf",
    "allOf",
    "$ref",
    "$defs",
    "definitions",
    "default",
    "required",
    "properties",
    "additionalProperties",
    "format",
    "items",
    "minItems",
    "pattern",
    "title",
    "description",
    "$schema",
    "examples",
];
const FORMATS: &[&str] = &[
    "date-time",
    "time",
    "date",
    "duration",
    "email",
    "hostname",
    "uri",
    "ipv4",
    "ipv6",
    "uuid",
];

/// What is wrong with a schema, if anything.
pub(super) fn check(schema: &Value) -> Result<(), String> {
    let Some(fields) = schema.as_object() else {
        return Err("output_config.format.schema: a schema must be an object".to_owned());
    };
    let is_object = schema["type"] == "object" || schema["properties"].is_object();
    if is_object && schema["additionalProperties"] != false {
        return Err("output_config.format.schema: For 'object' type, 'additionalProperties' must be explicitly set to false".to_owned());
    }
    for (key, value) in fields {
        if !KEYS.contains(&key.as_str()) {
            let kind = schema["type"].as_str().unwrap_or("any");
            return Err(format!(
                "output_config.format.schema: For '{kind}' type, property '{key}' is not supported"
            ));
        }
        let is_wrong = match key.as_str() {
            "minItems" => !matches!(value.as_u64(), Some(0 | 1)),
            "format" => !FORMATS.contains(&value.as_str().unwrap_or_default()),
            "enum" => value
                .as_array()
                .is_none_or(|all| all.iter().any(|one| one.is_object() || one.is_array())),
            "$ref" => !value.as_str().unwrap_or_default().starts_with('#'),
            "pattern" => ["(?=", "(?!", "(?<", "\\b", "\\1"]
                .iter()
                .any(|part| value.as_str().unwrap_or_default().contains(part)),
            _ => false,
        };
        if is_wrong {
            return Err(format!(
                "output_config.format.schema: '{key}' has an unsupported value: {value}"
            ));
        }
        match key.as_str() {
            "properties" | "$defs" | "definitions" => {
                for below in value
                    .as_object()
                    .into_iter()
                    .flat_map(serde_json::Map::values)
                {
                    check(below)?;
                }
            }
            "items" => check(value)?,
            "anyOf" | "allOf" => {
                for below in value.as_array().into_iter().flatten() {
                    if key == "allOf" && !below["$ref"].is_null() {
                        return Err(
                            "output_config.format.schema: 'allOf' with '$ref' is not supported"
                                .to_owned(),
                        );
                    }
                    check(below)?;
                }
            }
            _ => {}
        }
    }
    Ok(())
}

/// OpenAI's strict schemas: as above, and every property is required.
pub(super) fn check_strict(schema: &Value) -> Result<(), String> {
    if let Some(properties) = schema["properties"].as_object() {
        if schema["additionalProperties"] != false {
            return Err(
                "'additionalProperties' is required to be supplied and to be false".to_owned(),
            );
        }
        for (name, below) in properties {
            let is_required = schema["required"]
                .as_array()
                .is_some_and(|all| all.iter().any(|one| one == name));
            if !is_required {
                return Err(format!(
                    "'required' is required to be supplied and to be an array including every key in properties. Missing '{name}'"
                ));
            }
            check_strict(below)?;
        }
    }
    if schema["items"].is_object() {
        check_strict(&schema["items"])?;
    }
    Ok(())
}
