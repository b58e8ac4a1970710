//! Section 1: what is asked, of whom, by which prompt.

use crate::domain::label::Scale;
use crate::report::page::Block;
use crate::report::table::{Align, Table};

use super::material::{Material, Role};

pub(super) fn blocks(material: &Material) -> Vec<Block> {
    let mut table = Table::new(&[
        ("classifier", Align::Left),
        ("question", Align::Left),
        ("scale", Align::Left),
        ("labels", Align::Left),
        ("model", Align::Left),
        ("prompt", Align::Left),
    ])
    .named(
        material.key("classifiers"),
        format!("Classifiers ({})", material.name()),
    );
    for part in &material.classifiers {
        let definition = part.definition();
        let labels = match definition.scale {
            Scale::Nominal | Scale::Ordinal => definition.label_names().join(", "),
            Scale::Ratio => definition
                .number
                .as_ref()
                .map_or_else(|| "a number".to_owned(), |number| number.unit.clone()),
            Scale::Decisions => {
                "a list of decisions, of which the user's shares are taken".to_owned()
            }
        };
        table.push(vec![
            definition.name.clone(),
            definition.question.clone(),
            definition.scale.word().to_owned(),
            labels,
            part.of(Role::Candidate)
                .map_or_else(String::new, |ratings| ratings.name.clone()),
            part.prompt_hash.get(..12).unwrap_or_default().to_owned(),
        ]);
    }
    let asked = if material.basis.replayed.is_empty() {
        "`prompt` is the beginning of the SHA-256 of the prompt as it stands; the labels validated here are a rater's, which read the session by the codebook and not this prompt."
    } else {
        "`prompt` is the beginning of the SHA-256 of all that reached the model except the session; the answers are recorded, and each counts for exactly the request it answered."
    };
    vec![Block::Table(table.note(format!(
        "{} classifiers. {asked} The annex has every prompt in full.",
        material.classifiers.len()
    )))]
}
