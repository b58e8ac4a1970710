//! The appendix of the study: values of every goldset, and the sections of tables and figures made from them.
//!
//! `material` is what is known of one goldset, without any wording. The other files make one or two sections each from it;
//! `sections` has them in order, `provenance` says what they rest on, `quotes` gives single numbers their keys,
//! `drawings` makes the figures, `page` the page for browsers,
//! `markers` keeps numbers quoted in texts up to date, and `files` renders everything. A goldset never shares a table or
//! figure with another one, so that synthetic and real sessions stay apart.

mod agreement;
mod behind;
mod cells;
mod classifiers;
mod derived;
pub mod drawings;
mod failures;
pub mod files;
mod groups;
mod labels;
pub mod markers;
pub mod material;
mod origin;
mod outcomes;
pub mod page;
pub mod prevalence;
pub mod provenance;
mod published;
pub mod quotes;
mod reliability;
mod sections;
mod telemetry;

use super::page::Block;
use drawings::Drawing;
use material::Material;
use provenance::Provenance;

/// One numbered section of a goldset's part.
#[derive(Debug, Clone)]
pub struct Section {
    /// Its number, the same in every part.
    pub number: u8,
    /// Its key, for anchors and file names: `agreement`.
    pub key: &'static str,
    /// Its title.
    pub title: &'static str,
    /// What stands in it.
    pub blocks: Vec<Block>,
}

/// Everything about one goldset.
#[derive(Debug, Clone)]
pub struct GoldsetPart {
    /// The values.
    pub material: Material,
    /// The sections, made from the values.
    pub sections: Vec<Section>,
    /// The figures that sections show.
    pub drawings: Vec<Drawing>,
}

/// A classifier's full text, as it is sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PromptText {
    /// The classifier's name.
    pub name: String,
    /// Its title.
    pub title: String,
    /// The hash of all that reaches the model except the session.
    pub hash: String,
    /// The classifier's own text.
    pub text: String,
}

/// The appendix.
#[derive(Debug, Clone)]
pub struct Appendix {
    /// What it rests on.
    pub provenance: Provenance,
    /// What comes before the session in every request.
    pub system: String,
    /// The schema that every request sends.
    pub schema: String,
    /// The prompts, in the order of the classifiers.
    pub prompts: Vec<PromptText>,
    /// The goldsets, by name.
    pub goldsets: Vec<GoldsetPart>,
    /// The number of users below which cells are left out; `None` where all is shown.
    pub published_from: Option<usize>,
}

impl Appendix {
    /// Makes the sections of every goldset. With `published_from` cells of fewer users are left out, and ids, rationales
    /// and transcripts are taken out of the values, so that no renderer can show them.
    #[must_use]
    pub fn new(
        provenance: Provenance,
        system: String,
        schema: String,
        prompts: Vec<PromptText>,
        materials: Vec<Material>,
        published_from: Option<usize>,
    ) -> Self {
        let goldsets = materials
            .into_iter()
            .map(|mut material| {
                let mut sections = sections::of(&material);
                if let Some(least) = published_from {
                    for block in sections.iter_mut().flat_map(|section| &mut section.blocks) {
                        if let Block::Table(table) = block {
                            table.suppress(least);
                        }
                    }
                }
                let drawings = drawings::of(&material, &sections, published_from);
                if published_from.is_some() {
                    material.withhold();
                }
                place(&mut sections, &drawings);
                GoldsetPart {
                    material,
                    sections,
                    drawings,
                }
            })
            .collect();
        Self {
            provenance,
            system,
            schema,
            prompts,
            goldsets,
            published_from,
        }
    }
}

/// Puts each figure at the end of its section.
fn place(sections: &mut [Section], drawings: &[Drawing]) {
    for drawing in drawings {
        let heading = &drawing.figure.heading;
        if let Some(section) = sections
            .iter_mut()
            .find(|section| section.number == drawing.section)
        {
            section.blocks.push(Block::Figure {
                key: heading.name.clone(),
                alt: format!("{}. {}", heading.title, heading.description),
                caption: drawing.caption.clone(),
            });
        }
    }
}
