//! `validate stats regress`: least squares with absorbed effects and clustered errors.

use serde_json::json;

use crate::cli::stats::{Covariance, ParameterCount, Regress};
use crate::ingest::vocabulary::Vocabulary;
use crate::report::number::counted;
use crate::report::stats_json::{self, Fields};
use crate::stats::regression::{Counting, Design, Options, Term, Vcov, regress};

use super::Found;
use super::inputs;
use super::refusal::Refusal;

pub(super) fn run(arguments: &Regress) -> Result<Found, Refusal> {
    let common = &arguments.input.common;
    inputs::no_bootstrap(common, "for few clusters ask for --vcov CR2 or CR3 instead")?;
    let x = inputs::optional_list("--x", arguments.x.as_ref())?;
    let absorb = inputs::optional_list("--absorb", arguments.absorb.as_ref())?;
    let clusters = inputs::optional_list("--cluster", arguments.cluster.as_ref())?;
    if clusters.len() > 2 {
        return Err(Refusal::usage(
            "--cluster takes one or two columns",
            "cluster by the two widest groupings",
        ));
    }
    if x.is_empty() && arguments.margins.is_none() {
        return Err(Refusal::usage(
            "there is no regressor",
            "name columns with --x A,B or a category with --margins",
        ));
    }
    let mut wanted = vec![inputs::numbers(&arguments.y)];
    wanted.extend(x.iter().map(|name| inputs::numbers(name)));
    let of_levels: Vec<&String> = absorb
        .iter()
        .chain(&clusters)
        .chain(&arguments.margins)
        .collect();
    for (vocabulary, name) in of_levels.iter().enumerate() {
        wanted.push(inputs::labels(name, vocabulary));
    }
    let vocabularies = of_levels.iter().map(|_| Vocabulary::keys()).collect();
    let table = inputs::read(&arguments.input, &wanted, vocabularies)?;

    let mut columns = table.columns.into_iter();
    let numbers: Vec<Vec<Option<f64>>> = columns
        .by_ref()
        .take(1 + x.len())
        .map(inputs::values)
        .collect();
    let codes: Vec<Vec<Option<u32>>> = columns.map(inputs::keys).collect();
    let is_complete = |&row: &usize| {
        numbers.iter().all(|column| column[row].is_some())
            && codes.iter().all(|column| column[row].is_some())
    };
    let complete: Vec<usize> = (0..table.rows).filter(is_complete).collect();
    let missing = table.rows - complete.len();
    let numbers: Vec<Vec<f64>> = numbers
        .iter()
        .map(|column| complete.iter().filter_map(|&row| column[row]).collect())
        .collect();
    let mut codes: Vec<Vec<u32>> = codes
        .iter()
        .map(|column| complete.iter().filter_map(|&row| column[row]).collect())
        .collect();
    let mut names: Vec<String> = Vec::new();
    let margins = arguments
        .margins
        .as_ref()
        .and_then(|_| codes.pop())
        .map(|column| {
            let words = table
                .vocabularies
                .last()
                .map(Vocabulary::words)
                .unwrap_or_default();
            sorted(words, column, &mut names)
        });
    let slices: Vec<&[u32]> = codes.iter().map(Vec::as_slice).collect();
    let (effects, groups) = slices.split_at(absorb.len());
    let regressors: Vec<&[f64]> = numbers[1..].iter().map(Vec::as_slice).collect();
    let found = regress(
        &Design {
            y: &numbers[0],
            x: &regressors,
            absorb: effects,
            clusters: groups,
            categories: margins.as_deref(),
        },
        &options(arguments),
    );
    let category = |code: u32| names[code as usize].clone();
    let term = |term: Term| match term {
        Term::Intercept => "(intercept)".to_owned(),
        Term::Category(code) => {
            format!(
                "{}={}",
                arguments.margins.as_deref().unwrap_or_default(),
                category(code)
            )
        }
        Term::Column(at) => x[at].clone(),
    };
    let fields = match &found {
        Ok(found) => stats_json::regression(found, missing, term, category),
        Err(reason) => {
            let mut fields = Fields::new();
            fields.insert("n".to_owned(), json!(complete.len()));
            fields.insert("n_missing".to_owned(), json!(missing));
            fields.insert("coefficients".to_owned(), json!([]));
            fields.insert("undefined".to_owned(), json!(reason.code()));
            fields
        }
    };
    let mut basis = vec![format!(
        "{} of {}, least squares.",
        counted(complete.len() as u64, "complete row"),
        table.rows
    )];
    if !absorb.is_empty() {
        basis.push(format!("Absorbed: {}.", absorb.join(", ")));
    }
    if clusters.is_empty() {
        basis.push(
            "Errors suppose independent rows of one variance; name a cluster with --cluster."
                .to_owned(),
        );
    } else {
        basis.push(format!(
            "Errors are clustered by {}.",
            clusters.join(" and ")
        ));
    }
    Ok(Found {
        title: format!("Regression of {}", arguments.y),
        basis,
        fields,
        format: common.format,
    })
}

/// Codes in the order of their labels, numbers by size, so that the reference category does not hang on the first row.
fn sorted(words: &[String], mut column: Vec<u32>, names: &mut Vec<String>) -> Vec<u32> {
    let numbers: Option<Vec<f64>> = words.iter().map(|word| word.parse().ok()).collect();
    let mut order: Vec<usize> = (0..words.len()).collect();
    order.sort_by(|&i, &j| match &numbers {
        Some(numbers) => numbers[i].total_cmp(&numbers[j]),
        None => words[i].cmp(&words[j]),
    });
    let mut place = vec![0_u32; words.len()];
    for (new, &old) in order.iter().enumerate() {
        place[old] = new as u32;
    }
    for code in &mut column {
        *code = place[*code as usize];
    }
    names.extend(order.iter().map(|&old| words[old].clone()));
    column
}

fn options(arguments: &Regress) -> Options {
    Options {
        vcov: match arguments.vcov {
            Covariance::Cr0 => Vcov::Cr0,
            Covariance::Cr1 => Vcov::Cr1,
            Covariance::Cr2 => Vcov::Cr2,
            Covariance::Cr3 => Vcov::Cr3,
        },
        counting: match arguments.count {
            ParameterCount::Nonnested => Counting::Nonnested,
            ParameterCount::Full => Counting::Full,
            ParameterCount::Clusters => Counting::ClustersOnly,
        },
        drop_singletons: !arguments.keep_singletons,
        confidence: arguments.input.common.confidence,
        ..Options::default()
    }
}
