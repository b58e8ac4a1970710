//! Stub until the real one is merged.
use super::definition::Definition;
use std::path::Path;
/// Stub.
#[derive(Debug)]
pub struct WireSchema(String);
/// Stub.
#[derive(Debug)]
pub struct AnswerSchema;
/// Stub.
#[derive(Debug, thiserror::Error)]
#[error("stub")]
pub struct SchemaError;
impl WireSchema {
    /// Stub.
    pub fn load(path: &Path) -> Result<Self, SchemaError> {
        let text = std::fs::read_to_string(path).map_err(|_| SchemaError)?;
        let value: serde_json::Value = serde_json::from_str(&text).map_err(|_| SchemaError)?;
        Ok(Self(value.to_string()))
    }
    /// Stub.
    pub fn text(&self) -> &str {
        &self.0
    }
}
impl AnswerSchema {
    /// Stub.
    pub fn load(_: &Path) -> Result<Self, SchemaError> {
        Ok(Self)
    }
    /// Stub.
    pub fn fits(&self, _: &Definition) -> Vec<String> {
        Vec::new()
    }
}
