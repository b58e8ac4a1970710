//! The figures of a goldset's part, made from its values. What is drawn here stands in a table, too.
//!
//! For readers outside (`least`) nothing is drawn that tells of single sessions or of fewer users: no heat maps, boxes or
//! calibration. `rates` draws from tables that are suppressed already.

mod rates;

use crate::classifier::definition::Definition;
use crate::domain::label::Scale;
use crate::report::figures::boxes::{self, Boxes};
use crate::report::figures::calibration::{self, CalibrationPlot, ConfidenceBin};
use crate::report::figures::heat_map::{self, HeatMap};
use crate::report::figures::intervals::{self, Intervals, Point, Row};
use crate::report::figures::{Figure, Heading};
use crate::stats::calibration::equal_width_bins;
use crate::stats::estimate::Statistic;
use crate::stats::proportion::wilson;
use crate::validation::agreement::{CONFIDENCE, Comparison, Figures};

use super::Section;
use super::material::{ClassifierPart, Material, Role};

/// A figure and where it belongs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Drawing {
    /// The number of its section.
    pub section: u8,
    /// The figure.
    pub figure: Figure,
    /// What stands below it.
    pub caption: String,
}

/// All figures of a goldset, by section; `sections` are those that readers get.
#[must_use]
pub fn of(material: &Material, sections: &[Section], least: Option<usize>) -> Vec<Drawing> {
    let mut drawings = Vec::new();
    drawings.extend(agreement(material, least));
    drawings.extend(rates::recall(material, sections));
    if least.is_none() {
        drawings.extend(
            material
                .classifiers
                .iter()
                .filter_map(|part| confusion(material, part)),
        );
        drawings.extend(confidence(material));
        drawings.extend(measures(material));
    }
    drawings.extend(rates::outcomes(material, sections));
    drawings.extend(rates::prevalence(material, sections));
    drawings
}

/// Title, basis and description of a figure of this goldset.
pub(super) fn heading(
    material: &Material,
    name: &str,
    title: String,
    description: String,
) -> Heading {
    let basis = &material.basis;
    let kind = if basis.synthetic {
        "synthetic sessions"
    } else {
        "real sessions"
    };
    Heading {
        name: material.key(name),
        title,
        basis: format!(
            "{}: {} {kind} of {} users",
            basis.goldset, basis.n_sessions, basis.n_users
        ),
        description,
    }
}

/// A point of a figure; nothing where the statistic is undefined.
pub(super) fn point(statistic: &Statistic) -> Option<Point> {
    let estimate = statistic.as_ref().ok()?;
    Some(Point {
        value: estimate.value,
        // Without any spread the limits lie on the value and say nothing.
        interval: estimate
            .interval
            .filter(|_| !estimate.zero_variance)
            .map(|interval| (interval.low, interval.high)),
    })
}

/// The coefficient that stands for a comparison, and its name.
fn coefficient(figures: &Figures) -> (&Statistic, &'static str) {
    match figures {
        Figures::Categories {
            ordered: true,
            figures,
            ..
        } => (&figures.cohen_kappa_quadratic, "quadratic kappa"),
        Figures::Categories { figures, .. } => (&figures.cohen_kappa, "kappa"),
        Figures::Numbers { figures, .. } => (&figures.lin_ccc, "Lin's ccc"),
    }
}

fn shown(point: Option<Point>) -> String {
    point.map_or_else(
        || "no value".to_owned(),
        |point| crate::report::number::coefficient(point.value),
    )
}

/// Agreement of every classifier with gold, and of the baseline by rules.
fn agreement(material: &Material, least: Option<usize>) -> Option<Drawing> {
    let is_few = |users: usize| least.is_some_and(|least| 0 < users && users < least);
    let mut is_withheld = false;
    let against = &material.basis.against;
    let mut rows = Vec::new();
    let mut said = Vec::new();
    let mut failures = 0;
    for part in &material.classifiers {
        let of_gold = |comparisons: &[Comparison]| -> Vec<Comparison> {
            comparisons
                .iter()
                .filter(|comparison| comparison.against == *against)
                .cloned()
                .collect()
        };
        let floors: Vec<Comparison> = part
            .validated
            .floors
            .iter()
            .filter(|floor| floor.name == "baseline:rules")
            .flat_map(|floor| floor.comparisons.clone())
            .collect();
        for comparison in of_gold(&part.validated.comparisons) {
            let behind = super::agreement::behind(material, part, &comparison, Role::Gold);
            if is_few(behind.values) {
                continue;
            }
            let withholds = is_few(behind.counts);
            is_withheld |= withholds;
            let (main, name) = coefficient(&comparison.agreement);
            let wrong = comparison
                .counted_wrong
                .as_ref()
                .filter(|_| !withholds)
                .and_then(|figures| point(coefficient(figures).0));
            let floor = floors
                .iter()
                .find(|floor| floor.measure == comparison.measure)
                .and_then(|floor| point(coefficient(&floor.agreement).0));
            let measure = comparison.measure.map_or_else(String::new, |measure| {
                format!(", {}", measure.replace('_', " "))
            });
            let title = format!("{}{measure}", part.definition().title);
            said.push(format!("{title} ({name}) {}", shown(point(main))));
            failures += comparison.failures;
            rows.push(Row {
                label: title,
                points: vec![point(main), wrong, floor],
            });
        }
    }
    if rows
        .iter()
        .all(|row| row.points.iter().all(Option::is_none))
    {
        return None;
    }
    let heading = heading(
        material,
        "agreement",
        format!("Agreement of {} with {against}", material.basis.candidate),
        format!(
            "Points with 95% intervals, users as clusters. {}.",
            said.join(", ")
        ),
    );
    let failed = if is_withheld {
        "What failed is suppressed where few users are behind it.".to_owned()
    } else if failures == 0 {
        "No answer failed, so counting failures as wrong changes nothing.".to_owned()
    } else {
        format!(
            "{failures} questions ended without a label; they are left out, and once more counted as wrong."
        )
    };
    Some(Drawing {
        section: 2,
        figure: intervals::draw(&Intervals {
            heading,
            axis: "agreement beyond chance, 95% interval (1 is perfect, 0 is chance)".to_owned(),
            range: (-0.4, 1.0),
            percent: false,
            reference: Some(0.0),
            series: vec![
                "answers with a label".to_owned(),
                "failures counted as wrong".to_owned(),
                "baseline by rules".to_owned(),
            ],
            rows,
        }),
        caption: format!(
            "Cohen's kappa on nominal scales, with quadratic weights on ordinal ones; Lin's concordance for numbers and shares, which have no value for wrong. {failed}"
        ),
    })
}

/// Who confuses what.
fn confusion(material: &Material, part: &ClassifierPart) -> Option<Drawing> {
    let definition = part.definition();
    if !matches!(definition.scale, Scale::Nominal | Scale::Ordinal) {
        return None;
    }
    let counts = counts(part)?;
    if counts.pairs == 0 {
        return None;
    }
    Some(Drawing {
        section: 6,
        figure: heat_map::draw(&HeatMap {
            heading: heading(
                material,
                &format!("confusion-{}", definition.name),
                format!("{}: who confuses what", definition.title),
                format!(
                    "Of {} sessions with both labels {} lie on the diagonal; the table of the same name has every count.",
                    counts.pairs, counts.same
                ),
            ),
            row_title: format!("gold: {}", material.basis.against),
            column_title: material.basis.candidate.clone(),
            rows: counts.rows,
            columns: counts.columns,
            counts: counts.cells,
        }),
        caption: "Sessions; the further a cell stands out from the ground, the larger its share of the row. Labels that neither side gave are left out.".to_owned(),
    })
}

/// Counts of a confusion matrix over the labels that occur.
struct Counts {
    rows: Vec<String>,
    columns: Vec<String>,
    cells: Vec<Vec<u64>>,
    pairs: u64,
    same: u64,
}

fn counts(part: &ClassifierPart) -> Option<Counts> {
    let names = part.definition().label_names();
    let (gold, said) = (part.of(Role::Gold)?, part.of(Role::Candidate)?);
    // The last column has those without a label.
    let mut all = vec![vec![0_u64; names.len() + 1]; names.len()];
    for at in 0..gold.said.len() {
        if let Some(row) = gold.category(at) {
            let column = said.category(at).map_or(names.len(), usize::from);
            all[usize::from(row)][column] += 1;
        }
    }
    let used = |label: usize| {
        all[label].iter().any(|count| *count > 0) || all.iter().any(|row| row[label] > 0)
    };
    let labels: Vec<usize> = (0..names.len()).filter(|label| used(*label)).collect();
    let failed = all.iter().any(|row| row[names.len()] > 0);
    let columns: Vec<usize> = labels
        .iter()
        .copied()
        .chain(failed.then_some(names.len()))
        .collect();
    let name = |column: usize| {
        names
            .get(column)
            .map_or("no label", |name| *name)
            .to_owned()
    };
    Some(Counts {
        cells: labels
            .iter()
            .map(|row| columns.iter().map(|column| all[*row][*column]).collect())
            .collect(),
        pairs: labels
            .iter()
            .map(|row| labels.iter().map(|column| all[*row][*column]).sum::<u64>())
            .sum(),
        same: labels.iter().map(|label| all[*label][*label]).sum(),
        rows: labels.iter().copied().map(name).collect(),
        columns: columns.iter().copied().map(name).collect(),
    })
}

/// Stated confidence against what came true, over all answers of the candidate on nominal and ordinal scales.
fn confidence(material: &Material) -> Option<Drawing> {
    let mut right = Vec::new();
    let mut stated = Vec::new();
    for part in &material.classifiers {
        let (Some(gold), Some(said)) = (part.of(Role::Gold), part.of(Role::Candidate)) else {
            continue;
        };
        for (at, answer) in said.said.iter().enumerate() {
            if let (Some(truth), Some(label), Some(confidence)) =
                (gold.category(at), said.category(at), answer.confidence)
            {
                right.push(truth == label);
                stated.push(confidence.clamp(0.0, 1.0));
            }
        }
    }
    if right.is_empty() {
        return None;
    }
    #[expect(
        clippy::cast_precision_loss,
        reason = "counts of answers stay far below 2^53"
    )]
    let bins: Vec<ConfidenceBin> = equal_width_bins(&right, &stated, 10)
        .into_iter()
        .map(|bin| {
            let n = bin.n as f64;
            let interval = wilson(bin.observed * n, n, CONFIDENCE);
            ConfidenceBin {
                stated: bin.stated,
                observed: bin.observed,
                interval: (interval.low, interval.high),
                n: bin.n as u64,
            }
        })
        .collect();
    let said: Vec<String> = bins
        .iter()
        .map(|bin| {
            format!(
                "stated {:.0}%, right {:.0}% of {}",
                bin.stated * 100.0,
                bin.observed * 100.0,
                bin.n
            )
        })
        .collect();
    Some(Drawing {
        section: 7,
        figure: calibration::draw(&CalibrationPlot {
            heading: heading(
                material,
                "calibration",
                format!("Stated confidence of {}", material.basis.candidate),
                format!("{} answers in ten bins: {}.", right.len(), said.join("; ")),
            ),
            bins,
        }),
        caption: format!(
            "{} answers of all classifiers with labels, in bins of a tenth; Wilson intervals that treat answers as independent. On the dashed line a classifier is as sure as it is right. The prompt asks how probable it is that a second annotator says the same, which is not quite the same.",
            right.len()
        ),
    })
}

/// What telemetry measures by the labels of a classifier, as the study groups them.
fn measures(material: &Material) -> Vec<Drawing> {
    let Some(study) = &material.study else {
        return Vec::new();
    };
    let mut drawings = Vec::new();
    for grouping in &study.groups {
        let Some(part) = grouping
            .classifier
            .as_deref()
            .and_then(|name| material.classifier(name))
        else {
            continue;
        };
        for measure in &grouping.measures {
            let groups = groups(material, part, |at| {
                measure.of(material.sessions[at].telemetry.as_ref()?)
            });
            if groups.iter().all(|(_, values)| values.is_empty()) {
                continue;
            }
            let definition: &Definition = part.definition();
            let words = measure.words();
            let title = format!(
                "{}{} by {}",
                words[..1].to_uppercase(),
                &words[1..],
                definition.title.to_lowercase()
            );
            let medians: Vec<String> = groups
                .iter()
                .filter_map(|(name, values)| {
                    Some(format!(
                        "{name} {}",
                        crate::report::number::measured(median(values)?)
                    ))
                })
                .collect();
            drawings.push(Drawing {
                section: 9,
                figure: boxes::draw(&Boxes {
                    heading: heading(
                        material,
                        &format!("{}-by-{}", words.replace(' ', "-"), definition.name),
                        title,
                        format!("Medians by label: {}.", medians.join(", ")),
                    ),
                    group_title: format!(
                        "{} as {} says",
                        definition.title.to_lowercase(),
                        material.basis.candidate
                    ),
                    axis: format!("{words}, log scale"),
                    groups,
                }),
                caption: "A box holds the middle half of the sessions, the line in it is the median, whiskers reach the farthest session within 1.5 times the box; every point is a session. A log scale has no zero: sessions with none stand at the lower edge.".to_owned(),
            });
        }
    }
    drawings
}

/// Values of the sessions of each label that the candidate gave, in the order of the scale.
fn groups(
    material: &Material,
    part: &ClassifierPart,
    value: impl Fn(usize) -> Option<f64>,
) -> Vec<(String, Vec<f64>)> {
    let Some(said) = part.of(Role::Candidate) else {
        return Vec::new();
    };
    part.definition()
        .label_names()
        .iter()
        .enumerate()
        .map(|(code, name)| {
            let values = (0..material.sessions.len())
                .filter(|at| {
                    said.category(*at)
                        .is_some_and(|said| usize::from(said) == code)
                })
                .filter_map(&value)
                .collect();
            ((*name).to_owned(), values)
        })
        .collect()
}

#[expect(clippy::integer_division, reason = "the middle of a sorted list")]
fn median(values: &[f64]) -> Option<f64> {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let middle = sorted.len() / 2;
    match sorted.len() {
        0 => None,
        odd if odd % 2 == 1 => Some(sorted[middle]),
        _ => Some(f64::midpoint(sorted[middle - 1], sorted[middle])),
    }
}
