//! Gold sessions, and reasons of gold labels, that a prompt quotes: an example out of the test gives the test away, and
//! figures on that goldset say nothing any more.
//!
//! A copy is a run of eight words that a prompt and a turn of a session both have; of twelve for reasons, which are given in
//! the codebook's own words and share shorter runs with every definition. A near copy is a quotation in the prompt of which
//! most three-word pieces stand in one turn or reason. Words are compared without case and punctuation.

use std::collections::{HashMap, HashSet};
use std::fs;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};

use crate::domain::event::{Event, Listener, Position};
use crate::domain::text::Text;

use super::super::definition::Definition;
use super::{Finding, Kind};

/// What a prompt is compared with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Source {
    /// A turn of a session.
    Turn,
    /// The reason of a label.
    Reason,
}

impl Source {
    const ALL: [Self; 2] = [Self::Turn, Self::Reason];

    /// Words in a row that a prompt and such a text do not share by accident.
    fn run(self) -> usize {
        match self {
            Self::Turn => 8,
            Self::Reason => 12,
        }
    }
}

/// Words of a piece.
const PIECE: usize = 3;

/// Words that a quotation needs to be told from a turn of phrase.
const QUOTATION: usize = 6;

/// The share of a quotation's pieces that makes a near copy.
const NEAR: f64 = 0.6;

/// Prompts, ready to be compared with texts.
pub struct Quotes {
    /// Runs of words in prompts, and where they stand.
    runs: HashMap<u64, (usize, usize)>,
    quotations: Vec<Quotation>,
    /// Pieces of quotations, and which have them.
    pieces: HashMap<u64, Vec<usize>>,
    files: Vec<PathBuf>,
    found: HashMap<(usize, usize), String>,
}

struct Quotation {
    file: usize,
    line: usize,
    pieces: usize,
}

impl Quotes {
    /// Reads the texts of these classifiers and what they share. Files that cannot be read are told elsewhere.
    #[must_use]
    pub fn read(folder: &Path, chosen: &[Definition]) -> Self {
        let mut quotes = Self {
            runs: HashMap::new(),
            quotations: Vec::new(),
            pieces: HashMap::new(),
            files: Vec::new(),
            found: HashMap::new(),
        };
        quotes.add(folder.join("system.md"));
        for definition in chosen {
            quotes.add(folder.join(&definition.name).join("prompt.md"));
            quotes.add(folder.join(&definition.name).join("classifier.toml"));
        }
        quotes
    }

    fn add(&mut self, path: PathBuf) {
        let Ok(text) = fs::read_to_string(&path) else {
            return;
        };
        let file = self.files.len();
        let is_template = path.extension().is_some_and(|ending| ending == "md");
        self.files.push(path);
        for (line, text) in (1..).zip(text.lines()) {
            let all = words(text);
            for run in Source::ALL.iter().flat_map(|of| all.windows(of.run())) {
                self.runs.entry(digest(run)).or_insert((file, line));
            }
            if !is_template {
                continue;
            }
            for quoted in text.split('"').skip(1).step_by(2) {
                let words = words(quoted);
                if words.len() < QUOTATION {
                    continue;
                }
                let pieces: HashSet<u64> = words.windows(PIECE).map(digest).collect();
                for piece in &pieces {
                    self.pieces
                        .entry(*piece)
                        .or_default()
                        .push(self.quotations.len());
                }
                self.quotations.push(Quotation {
                    file,
                    line,
                    pieces: pieces.len(),
                });
            }
        }
    }

    /// Compares one text. `whose` says what it is, for the message.
    pub fn compare(&mut self, source: Source, text: &str, whose: &dyn Fn() -> String) {
        let words = words(text);
        let mut hits: Vec<(usize, usize)> = words
            .windows(source.run())
            .filter_map(|run| self.runs.get(&digest(run)).copied())
            .collect();
        let mut shared: HashMap<usize, usize> = HashMap::new();
        let pieces: HashSet<u64> = words.windows(PIECE).map(digest).collect();
        for piece in &pieces {
            for quotation in self.pieces.get(piece).into_iter().flatten() {
                *shared.entry(*quotation).or_default() += 1;
            }
        }
        for (quotation, count) in shared {
            let quotation = &self.quotations[quotation];
            #[expect(
                clippy::cast_precision_loss,
                reason = "counts of words stay far below 2^53"
            )]
            let share = count as f64 / quotation.pieces as f64;
            if NEAR <= share {
                hits.push((quotation.file, quotation.line));
            }
        }
        for hit in hits {
            self.found.entry(hit).or_insert_with(whose);
        }
    }

    /// A listener that compares the words of a session, user's and agent's, turn by turn.
    pub fn listener<'q>(&'q mut self, session: &'q str) -> Turns<'q> {
        Turns {
            quotes: self,
            session,
            turn: 0,
        }
    }

    /// What was found, by file and line.
    #[must_use]
    pub fn findings(self) -> Vec<Finding> {
        let mut findings: Vec<Finding> = self
            .found
            .iter()
            .map(|((file, line), whose)| {
                Finding::new(
                    &self.files[*file],
                    *line,
                    Kind::GoldQuoted,
                    format!("the line has the words of {whose}"),
                    "invent an example: a prompt that quotes the test cannot be tested by it",
                )
            })
            .collect();
        findings.sort();
        findings
    }
}

/// Compares the words of a session.
pub struct Turns<'q> {
    quotes: &'q mut Quotes,
    session: &'q str,
    turn: u32,
}

impl Turns<'_> {
    fn compare(&mut self, text: &Text<'_>) {
        let (session, turn) = (self.session, self.turn);
        self.quotes.compare(Source::Turn, &text.redacted(), &|| {
            format!("turn {turn} of the gold session `{session}`")
        });
    }
}

impl Listener for Turns<'_> {
    fn event(&mut self, _: Position, event: Event<'_>) {
        match event {
            Event::Prompt(prompt) => {
                self.turn += 1;
                self.compare(&prompt.text);
            }
            Event::AgentText(text) => self.compare(&text),
            _ => {}
        }
    }
}

/// Words without case and punctuation.
fn words(text: &str) -> Vec<String> {
    text.split(|letter: char| !letter.is_alphanumeric())
        .filter(|word| !word.is_empty())
        .map(str::to_lowercase)
        .collect()
}

fn digest(words: &[String]) -> u64 {
    let mut hasher = DefaultHasher::new();
    words.hash(&mut hasher);
    hasher.finish()
}
