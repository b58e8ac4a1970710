//! Sections 2 and 3: agreement of the candidate with the labelled sessions, and with the reference.

use crate::classifier::definition::ComparedOn;
use crate::report::number::coefficient;
use crate::report::page::Block;
use crate::report::table::{Align, Cell, Table};
use crate::validation::Validated;
use crate::validation::agreement::{Comparison, Figures};

use super::behind::Behind;
use super::cells::{index, kappa, plain, share};
use super::labels::smallest;
use super::material::{ClassifierPart, Material, Role};

pub(super) fn with_gold(material: &Material) -> Vec<Block> {
    let who = format!("`{}`", material.basis.against);
    tables(
        material,
        "agreement",
        &who,
        &material.basis.against,
        Role::Gold,
    )
}

pub(super) fn with_reference(material: &Material) -> Vec<Block> {
    match &material.basis.reference {
        None => vec![Block::Text(format!(
            "The goldset `{}` declares no reference, so there is nothing to compare with; section 7 has the agreement of its raters with each other.",
            material.name()
        ))],
        Some(reference) => tables(
            material,
            "reference",
            &format!("`{reference}`"),
            reference,
            Role::Reference,
        ),
    }
}

fn tables(material: &Material, key: &str, who: &str, against: &str, role: Role) -> Vec<Block> {
    let basis = &material.basis;
    let mut categories = Table::new(&[
        ("classifier", Align::Left),
        ("scale", Align::Left),
        ("n", Align::Right),
        ("failed", Align::Right),
        ("agreement", Align::Estimate),
        ("kappa", Align::Estimate),
        ("weighted kappa", Align::Estimate),
        ("AC1", Align::Estimate),
        ("kappa, failures wrong", Align::Right),
        ("kappa of majority", Align::Right),
        ("kappa of rules", Align::Right),
    ])
    .named(
        material.key(key),
        format!(
            "Agreement of `{}` with {who} on labels ({})",
            basis.candidate,
            material.name()
        ),
    );
    let mut numbers = Table::new(&[
        ("classifier", Align::Left),
        ("compared as", Align::Left),
        ("n", Align::Right),
        ("failed", Align::Right),
        ("Pearson", Align::Estimate),
        ("ICC(2,1)", Align::Estimate),
        ("Spearman", Align::Right),
        ("mean error", Align::Right),
        ("median ratio", Align::Right),
        ("error of majority", Align::Right),
        ("error of rules", Align::Right),
    ])
    .named(
        material.key(&format!("{key}-numbers")),
        format!(
            "Agreement of `{}` with {who} on numbers ({})",
            basis.candidate,
            material.name()
        ),
    );
    for part in &material.classifiers {
        let result = &part.validated;
        for comparison in result
            .comparisons
            .iter()
            .filter(|comparison| comparison.against == against)
        {
            let behind = behind(material, part, comparison, role);
            match &comparison.agreement {
                Figures::Categories { .. } => categories.push_cells(behind.row(
                    row_of_labels(result, comparison),
                    2,
                    &[2, 3, 8],
                )),
                Figures::Numbers { .. } => {
                    numbers.push_cells(behind.row(row_of_numbers(result, comparison), 2, &[2, 3]));
                }
            }
        }
    }
    let users = format!(
        "{} sessions of {} users; n differs where one of both gave no label.",
        basis.n_sessions, basis.n_users
    );
    let mut blocks = Vec::new();
    if !categories.is_empty() {
        blocks.push(Block::Table(
            categories
                .note(format!("{users} Intervals: delta method with the sessions of a user as one draw, t with users - 1 degrees of freedom; of the share of agreement Wilson's, on the effective number of sessions."))
                .note("`kappa` is Cohen's; `weighted kappa` has quadratic weights and is given for ordered labels. `failed` counts sessions for which the candidate gave no label: they are left out, and counted as wrong under `kappa, failures wrong`. `majority` and `rules` are baselines against the gold: the floor that a rater has to beat; of ordered labels their kappa is weighted too."),
        ));
    }
    if !numbers.is_empty() {
        blocks.push(Block::Table(
            numbers
                .note(format!("{users} Intervals of Pearson's r: Fisher's z; of ICC: the F distribution; both treat sessions as independent."))
                .note("`log` compares natural logarithms; `mean error` is the mean absolute error on that scale, and beside it stand those of the baselines, because a constant has no correlation. `median ratio` is candidate to gold, as they are."),
        ));
    }
    if blocks.is_empty() {
        blocks.push(Block::Text(format!("{who} has no labels here.")));
    }
    blocks
}

/// Users behind a comparison with the rater of a role. Its counts tell of those whose sessions failed, too.
pub(super) fn behind(
    material: &Material,
    part: &ClassifierPart,
    comparison: &Comparison,
    role: Role,
) -> Behind {
    let (candidate, other) = (part.of(Role::Candidate), part.of(role));
    let n = match &comparison.agreement {
        Figures::Categories { figures, .. } => figures.n,
        Figures::Numbers { figures, .. } => figures.n as u64,
    };
    let behind = Behind::of_pair(material, [candidate, other], comparison.measure, n);
    let failed = material.users_of((0..material.sessions.len()).filter(|at| {
        other.is_some_and(|other| other.label(*at).is_some())
            && candidate.is_none_or(|candidate| candidate.label(*at).is_none())
    }));
    Behind {
        counts: smallest([behind.counts, failed]),
        ..behind
    }
}

fn row_of_labels(result: &Validated, comparison: &Comparison) -> Vec<Cell> {
    let Figures::Categories {
        figures, ordered, ..
    } = &comparison.agreement
    else {
        return Vec::new();
    };
    let main = |figures: &Figures| match figures {
        Figures::Categories {
            figures,
            ordered: true,
            ..
        } => plain(&figures.cohen_kappa_quadratic),
        Figures::Categories { figures, .. } => plain(&figures.cohen_kappa),
        Figures::Numbers { .. } => Cell::text(""),
    };
    vec![
        result.definition.name.clone().into(),
        result.definition.scale.word().into(),
        figures.n.to_string().into(),
        comparison.failures.to_string().into(),
        share(&figures.percent_agreement),
        kappa(&figures.cohen_kappa),
        if *ordered {
            kappa(&figures.cohen_kappa_quadratic)
        } else {
            "not ordered".into()
        },
        kappa(&figures.gwet_ac1),
        comparison
            .counted_wrong
            .as_ref()
            .map_or_else(|| "".into(), main),
        floor(result, "baseline:majority", None, main),
        floor(result, "baseline:rules", None, main),
    ]
}

fn row_of_numbers(result: &Validated, comparison: &Comparison) -> Vec<Cell> {
    let Figures::Numbers {
        on,
        figures,
        median_ratio,
        ..
    } = &comparison.agreement
    else {
        return Vec::new();
    };
    let error = |figures: &Figures| match figures {
        Figures::Numbers { figures, .. } => index(figures.mae),
        Figures::Categories { .. } => Cell::text(""),
    };
    vec![
        name_of(result, comparison).into(),
        match on {
            ComparedOn::Log => "log",
            ComparedOn::Linear => "as they are",
        }
        .into(),
        figures.n.to_string().into(),
        comparison.failures.to_string().into(),
        kappa(&figures.pearson),
        kappa(&figures.icc_2_1),
        index(figures.spearman),
        index(figures.mae),
        median_ratio.map_or_else(|| "not of shares".into(), |ratio| coefficient(ratio).into()),
        floor(result, "baseline:majority", comparison.measure, error),
        floor(result, "baseline:rules", comparison.measure, error),
    ]
}

/// The classifier's name, with the share that is compared.
pub(super) fn name_of(result: &Validated, comparison: &Comparison) -> String {
    comparison.measure.map_or_else(
        || result.definition.name.clone(),
        |measure| {
            format!(
                "{}: {}",
                result.definition.name,
                measure.replace("_share", "")
            )
        },
    )
}

fn floor(
    result: &Validated,
    name: &str,
    measure: Option<&'static str>,
    show: impl Fn(&Figures) -> Cell,
) -> Cell {
    result
        .floors
        .iter()
        .filter(|floor| floor.name == name)
        .flat_map(|floor| &floor.comparisons)
        .find(|comparison| comparison.measure == measure)
        .map_or_else(|| "none".into(), |comparison| show(&comparison.agreement))
}
