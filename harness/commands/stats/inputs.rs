//! What all kinds ask of the command line and of the file: lists, levels, columns, order of categories.

use std::cmp::Ordering;
use std::io::{self, Read};

use crate::cli::stats::{StatsCommon, StatsInput};
use crate::ingest::table::{self, Cell, Column, Kind, Table, Wanted};
use crate::ingest::vocabulary::Vocabulary;

use super::refusal::Refusal;

/// The items of a list separated by commas; an item that holds a comma stands in double quotes.
pub(super) fn list(option: &str, text: &str) -> Result<Vec<String>, Refusal> {
    let mut reader = csv::ReaderBuilder::new()
        .has_headers(false)
        .from_reader(text.as_bytes());
    let items: Vec<String> = reader
        .records()
        .next()
        .and_then(Result::ok)
        .map(|record| record.iter().map(str::to_owned).collect())
        .unwrap_or_default();
    if items.is_empty() || items.iter().any(String::is_empty) {
        return Err(Refusal::usage(
            format!("{option} has an empty name: `{text}`"),
            format!("separate names by single commas, as in `{option} A,B,C`"),
        ));
    }
    for (at, item) in items.iter().enumerate() {
        if items[..at].contains(item) {
            return Err(Refusal::usage(
                format!("{option} names `{item}` twice"),
                "name each once",
            ));
        }
    }
    Ok(items)
}

/// An optional list; empty where it is not given.
pub(super) fn optional_list(option: &str, text: Option<&String>) -> Result<Vec<String>, Refusal> {
    text.map_or_else(|| Ok(Vec::new()), |text| list(option, text))
}

/// Checks a number that must lie strictly between 0 and 1.
pub(super) fn share(option: &str, value: f64) -> Result<f64, Refusal> {
    if value > 0.0 && value < 1.0 {
        return Ok(value);
    }
    Err(Refusal::usage(
        format!("{option} is {value}, which does not lie between 0 and 1"),
        format!("write a share, as in `{option} 0.95`"),
    ))
}

/// Checks what all kinds have in common.
pub(super) fn check(common: &StatsCommon) -> Result<(), Refusal> {
    share("--confidence", common.confidence)?;
    if common.bootstrap.is_some_and(|resamples| resamples < 100) {
        return Err(Refusal::usage(
            "--bootstrap needs at least 100 resamples",
            "2000 make a steady interval",
        ));
    }
    Ok(())
}

/// Refuses `--bootstrap` where a kind has no resampling.
pub(super) fn no_bootstrap(common: &StatsCommon, instead: &str) -> Result<(), Refusal> {
    match common.bootstrap {
        None => Ok(()),
        Some(_) => Err(Refusal::usage("--bootstrap does nothing here", instead)),
    }
}

/// Reads columns of the file of the command line.
pub(super) fn read(
    input: &StatsInput,
    wanted: &[Wanted<'_>],
    vocabularies: Vec<Vocabulary>,
) -> Result<Table, Refusal> {
    check(&input.common)?;
    let (source, name) = source(input)?;
    Ok(table::read_from(source, &name, wanted, vocabularies)?)
}

/// Hands over the wanted cells of the file row by row and keeps none; see [`table::for_each_row`].
pub(super) fn for_each_row(
    input: &StatsInput,
    wanted: &[Wanted<'_>],
    vocabularies: Vec<Vocabulary>,
    take: impl FnMut(&[Cell]),
) -> Result<Vec<Vocabulary>, Refusal> {
    check(&input.common)?;
    let (source, name) = source(input)?;
    Ok(table::for_each_row(
        source,
        &name,
        wanted,
        vocabularies,
        take,
    )?)
}

/// The file of the command line and its name for messages.
fn source(input: &StatsInput) -> Result<(Box<dyn Read>, String), Refusal> {
    if input.file.as_os_str() == "-" {
        return Ok((Box::new(io::stdin().lock()), "stdin".to_owned()));
    }
    let (file, name) = table::open(&input.file)?;
    Ok((Box::new(file), name))
}

/// A column of labels of a vocabulary.
pub(super) fn labels(name: &str, vocabulary: usize) -> Wanted<'_> {
    Wanted {
        name,
        kind: Kind::Labels(vocabulary),
    }
}

/// A column of numbers.
pub(super) fn numbers(name: &str) -> Wanted<'_> {
    Wanted {
        name,
        kind: Kind::Numbers,
    }
}

/// The codes of a column that was read as labels.
pub(super) fn codes(column: Column) -> Vec<Option<u16>> {
    match column {
        Column::Labels(codes) => codes,
        _ => Vec::new(),
    }
}

/// The codes of a column that was read as keys.
pub(super) fn keys(column: Column) -> Vec<Option<u32>> {
    match column {
        Column::Keys(codes) => codes,
        _ => Vec::new(),
    }
}

/// The numbers of a column that was read as numbers.
pub(super) fn values(column: Column) -> Vec<Option<f64>> {
    match column {
        Column::Numbers(numbers) => numbers,
        _ => Vec::new(),
    }
}

/// The categories of the ratings in their order.
pub(super) struct Categories {
    pub(super) names: Vec<String>,
    /// Declared on the command line, and not gathered from the file.
    pub(super) declared: bool,
    /// The numbers that they stand for, where all of them are numbers.
    pub(super) numbers: Option<Vec<f64>>,
}

impl Categories {
    /// Those of `--categories`, or none yet.
    pub(super) fn vocabulary(declared: &[String]) -> Vocabulary {
        if declared.is_empty() {
            Vocabulary::open()
        } else {
            Vocabulary::declared(declared)
        }
    }

    /// The categories as they were declared or first seen.
    pub(super) fn of(vocabulary: &Vocabulary) -> Self {
        let names = vocabulary.words().to_vec();
        Self {
            declared: vocabulary.is_closed(),
            numbers: as_numbers(&names),
            names,
        }
    }

    /// Sorts categories that were not declared, numbers by size and words by their bytes; recodes the columns.
    pub(super) fn sort(&mut self, columns: &mut [Vec<Option<u16>>]) {
        if !self.declared {
            recode(columns, &self.reorder());
        }
    }

    /// Sorts the categories and says which place each has now.
    pub(super) fn reorder(&mut self) -> Vec<u16> {
        let mut order: Vec<usize> = (0..self.names.len()).collect();
        let by_number = |i: usize, j: usize| match &self.numbers {
            Some(numbers) => numbers[i].total_cmp(&numbers[j]),
            None => Ordering::Equal,
        };
        order.sort_by(|&i, &j| by_number(i, j).then_with(|| self.names[i].cmp(&self.names[j])));
        let mut place = vec![0_u16; order.len()];
        for (new, &old) in order.iter().enumerate() {
            place[old] = new as u16;
        }
        self.names = order.iter().map(|&old| self.names[old].clone()).collect();
        self.numbers = as_numbers(&self.names);
        place
    }

    /// The categories in a sentence: where they come from.
    pub(super) fn origin(&self, order: &str) -> String {
        let count = self.names.len();
        if self.declared {
            format!("{count} categories, declared.")
        } else {
            format!(
                "{count} categories, those that occur, {order}; a category that nobody used is not among them: \
                 declare all with --categories."
            )
        }
    }
}

/// Gives every label of some columns its new place.
pub(super) fn recode(columns: &mut [Vec<Option<u16>>], place: &[u16]) {
    for code in columns.iter_mut().flatten().flatten() {
        *code = place[usize::from(*code)];
    }
}

fn as_numbers(names: &[String]) -> Option<Vec<f64>> {
    names
        .iter()
        .map(|name| name.parse::<f64>().ok().filter(|number| number.is_finite()))
        .collect()
}

/// Leaves out rows without a cluster and says how many there were.
pub(super) fn drop_unclustered<T: Copy>(
    clusters: &[Option<u32>],
    columns: &mut [Vec<T>],
) -> (Vec<u32>, usize) {
    let dropped = clusters.iter().filter(|cluster| cluster.is_none()).count();
    if dropped > 0 {
        for column in columns {
            let mut row = 0;
            column.retain(|_| {
                row += 1;
                clusters[row - 1].is_some()
            });
        }
    }
    (clusters.iter().flatten().copied().collect(), dropped)
}
