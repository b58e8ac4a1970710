//! The sections of a goldset's part, in order.

use crate::report::page::Block;

use super::Section;
use super::material::Material;
use super::{
    agreement, classifiers, derived, failures, groups, labels, origin, outcomes, prevalence,
    published, reliability, telemetry,
};

/// What makes the blocks of a section.
type Make = fn(&Material) -> Vec<Block>;

const SECTIONS: [(&str, &str, Make); 14] = [
    ("classifiers", "Classifiers", classifiers::blocks),
    (
        "agreement",
        "Agreement with the labelled sessions",
        agreement::with_gold,
    ),
    (
        "reference",
        "Agreement with the reference model",
        agreement::with_reference,
    ),
    ("telemetry", "Agreement with telemetry", telemetry::blocks),
    ("per-class", "Label by label", labels::per_class),
    ("confusion", "Confusion matrices", labels::confusion),
    ("reliability", "Reliability", reliability::blocks),
    ("derived", "Derived measures", derived::blocks),
    ("groups", "Known groups", groups::blocks),
    ("outcomes", "Outcomes by expertise", outcomes::blocks),
    (
        "prevalence",
        "Prevalence, raw and corrected",
        prevalence::blocks,
    ),
    ("failures", "Failures and exclusions", failures::blocks),
    ("published", "Comparison with the study", published::blocks),
    ("origin", "Data", origin::blocks),
];

/// All sections.
pub(super) fn of(material: &Material) -> Vec<Section> {
    (1..)
        .zip(SECTIONS)
        .map(|(number, (key, title, make))| Section {
            number,
            key,
            title,
            blocks: make(material),
        })
        .collect()
}
