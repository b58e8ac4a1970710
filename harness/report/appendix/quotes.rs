//! Single numbers by a key, for texts that quote them: `starter.expertise.cohen_kappa`.

use std::collections::BTreeMap;

use crate::report::number::{self, NONE, coefficient, percent};
use crate::stats::agreement::TwoRaterAgreement;
use crate::stats::estimate::Statistic;
use crate::validation::Validated;
use crate::validation::agreement::{Comparison, Figures};
use crate::validation::checks::Rate;

use super::Appendix;
use super::material::Material;

/// All numbers that can be quoted, by their key.
#[must_use]
pub fn quotes(appendix: &Appendix) -> BTreeMap<String, String> {
    let mut all = Quotes::default();
    for part in &appendix.goldsets {
        all.of_material(&part.material);
    }
    all.0
}

#[derive(Default)]
struct Quotes(BTreeMap<String, String>);

impl Quotes {
    fn put(&mut self, key: String, value: String) {
        self.0.insert(key, value);
    }

    fn count(&mut self, key: String, count: u64) {
        self.put(key, number::integer(count));
    }

    /// A coefficient with its limits, `key.low` and `key.high`.
    fn statistic(&mut self, key: &str, statistic: &Statistic, show: impl Fn(f64) -> String) {
        let estimate = statistic.as_ref().ok();
        let limits = estimate.and_then(|estimate| estimate.interval);
        let shown = |value: Option<f64>| value.map_or_else(|| NONE.to_owned(), &show);
        self.put(
            key.to_owned(),
            shown(estimate.map(|estimate| estimate.value)),
        );
        self.put(format!("{key}.low"), shown(limits.map(|limits| limits.low)));
        self.put(
            format!("{key}.high"),
            shown(limits.map(|limits| limits.high)),
        );
    }

    fn rate(&mut self, key: &str, rate: &Rate) {
        self.count(format!("{key}.n"), rate.n);
        self.put(
            format!("{key}.rate"),
            rate.share().map_or_else(|| NONE.to_owned(), percent),
        );
    }

    fn of_material(&mut self, material: &Material) {
        let goldset = material.name();
        let basis = &material.basis;
        self.count(format!("{goldset}.sessions"), basis.n_sessions as u64);
        self.count(format!("{goldset}.users"), basis.n_users as u64);
        self.count(format!("{goldset}.excluded"), basis.excluded.len() as u64);
        for part in &material.classifiers {
            self.of_classifier(goldset, &part.validated);
        }
    }

    fn of_classifier(&mut self, goldset: &str, result: &Validated) {
        let name = format!("{goldset}.{}", result.definition.name);
        let gold = result
            .comparisons
            .first()
            .map(|comparison| comparison.against.clone());
        for comparison in &result.comparisons {
            let is_gold = Some(&comparison.against) == gold.as_ref();
            let is_baseline = comparison.against.starts_with("baseline:");
            if is_gold {
                self.comparison(&name, comparison);
            } else if !is_baseline {
                self.comparison(&format!("{name}.reference"), comparison);
            }
        }
        for floor in &result.floors {
            for comparison in &floor.comparisons {
                let baseline = floor.name.replace(':', ".");
                self.comparison(&format!("{name}.{baseline}"), comparison);
            }
        }
        for check in &result.checks {
            let key = format!("{name}.check.{}", check.check.name);
            self.rate(&key, &check.labelled);
            self.rate(&format!("{key}.others"), &check.others);
        }
        for derived in &result.derived {
            self.rate(
                &format!("{goldset}.derived.{}", derived.derived.name),
                &derived.rate,
            );
        }
    }

    fn comparison(&mut self, name: &str, comparison: &Comparison) {
        let name = comparison
            .measure
            .map_or_else(|| name.to_owned(), |measure| format!("{name}.{measure}"));
        self.count(format!("{name}.failures"), comparison.failures);
        match &comparison.agreement {
            Figures::Categories {
                names,
                figures,
                ordered,
            } => {
                self.count(format!("{name}.n"), figures.n);
                self.categories(&name, names, figures, *ordered);
            }
            Figures::Numbers {
                figures,
                median_ratio,
                ..
            } => {
                self.count(format!("{name}.n"), figures.n as u64);
                self.statistic(&format!("{name}.pearson"), &figures.pearson, coefficient);
                let shown = |value: Option<f64>| value.map_or_else(|| NONE.to_owned(), coefficient);
                self.put(format!("{name}.mae"), shown(figures.mae.ok()));
                self.put(format!("{name}.median_ratio"), shown(*median_ratio));
            }
        }
    }

    fn categories(
        &mut self,
        name: &str,
        names: &[String],
        figures: &TwoRaterAgreement,
        ordered: bool,
    ) {
        let main = if ordered {
            &figures.cohen_kappa_quadratic
        } else {
            &figures.cohen_kappa
        };
        let coefficients = [
            ("kappa", main),
            ("cohen_kappa", &figures.cohen_kappa),
            ("cohen_kappa_quadratic", &figures.cohen_kappa_quadratic),
            ("gwet_ac1", &figures.gwet_ac1),
            ("alpha_nominal", &figures.alpha_nominal),
            ("alpha_ordinal", &figures.alpha_ordinal),
            ("macro_f1", &figures.macro_f1),
        ];
        for (key, statistic) in coefficients {
            self.statistic(&format!("{name}.{key}"), statistic, coefficient);
        }
        self.statistic(
            &format!("{name}.percent_agreement"),
            &figures.percent_agreement,
            percent,
        );
        for (label, class) in names.iter().zip(&figures.per_class) {
            let key = format!("{name}.class.{label}");
            self.count(format!("{key}.support"), class.support);
            self.statistic(&format!("{key}.precision"), &class.precision, percent);
            self.statistic(&format!("{key}.recall"), &class.recall, percent);
            self.statistic(&format!("{key}.f1"), &class.f1, coefficient);
        }
    }
}
