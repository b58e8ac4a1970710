//! `validate requests import`: answers from files, checked line by line, then kept.
//!
//! The files are read twice: once to find everything that cannot be used, before anything is kept, and once to keep the
//! rest. Of the first reading only hashes stay.

use std::collections::BTreeMap;
use std::path::PathBuf;

use crate::cli::Import;
use crate::domain::moment::is_day;
use crate::domain::request::Hash;
use crate::goldset::load::Problem;
use crate::provider::batch_lines::Ended;

use super::answers::{self, Found, FoundAnswer, Line};
use super::counted;
use super::keep::{Keeper, Kept};
use super::known::{Digest, Known, Place, Standing};
use super::rendering::Rendering;

/// Keeps the answers and says what became of them.
pub(super) fn import(arguments: &Import) -> anyhow::Result<String> {
    anyhow::ensure!(
        is_day(&arguments.when),
        "`--when {}` is not a day\n\nhint: give it as YYYY-MM-DD",
        arguments.when
    );
    anyhow::ensure!(
        arguments.files.len() <= usize::from(u16::MAX),
        "at most {} files can be imported at once\n\nhint: import them in several turns",
        u16::MAX
    );
    if arguments.store.is_some() {
        super::endpoint_of(&arguments.model)?;
    }
    let rendering = Rendering::load(&arguments.goldset, arguments.sessions.as_deref(), "all")?;
    let mut known = Known::load(
        &rendering,
        arguments.varied.robustness.then_some(arguments.varied.seed),
    )?;
    let mut keeper = Keeper::new(arguments, &rendering)?;
    let mut checked = Checked::default();
    answers::read(&arguments.files, |lines| {
        checked.take(lines, &mut known, &keeper, arguments)
    })?;
    checked.refuse_if_unusable(&rendering, arguments)?;
    answers::read(&arguments.files, |lines| {
        keeper.keep(answers_in(lines, &known), &known)
    })?;
    let kept = keeper.finish()?;
    checked.refuse_if_changed(&kept)?;
    // Answers that differ from recordings are found where both are merged; nothing is written then either.
    checked.differ(&kept.conflicts);
    checked.refuse_if_unusable(&rendering, arguments)?;
    kept.write()?;
    Ok(said(arguments, &checked, &kept, &known))
}

/// Lines with one remedy, and failed requests, that a message shows; the rest is counted.
const LINES_SHOWN: usize = 5;
const ENDINGS_SHOWN: usize = 5;

/// Lines that cannot be used and have the same remedy.
struct Alike {
    remedy: String,
    count: u64,
    /// Where and what, of the first of them.
    findings: Vec<String>,
}

/// What the first reading found.
#[derive(Default)]
struct Checked {
    /// Lines that give an answer to keep.
    answers: u64,
    doubles: u64,
    /// Lines that cannot be used, and the first of them by what to do.
    unusable: u64,
    problems: Vec<Alike>,
    /// Requests that ended without an answer, by how, and the first of them.
    ended: BTreeMap<Ended, u64>,
    endings: Vec<(Digest, String)>,
    /// Which models answered, as the provider named them.
    served_by: BTreeMap<String, u64>,
}

impl Checked {
    fn take(
        &mut self,
        lines: Vec<Line>,
        known: &mut Known,
        keeper: &Keeper<'_>,
        arguments: &Import,
    ) -> anyhow::Result<()> {
        for Line { place, found } in lines {
            match found {
                Found::Unusable(what, remedy) => self.tell(arguments, place, &what, remedy),
                Found::Unanswered {
                    request,
                    ended,
                    said,
                } => self.unanswered(arguments, known, place, &request, ended, &said),
                Found::Answer(answer) => self.answer(arguments, known, keeper, place, &answer)?,
            }
        }
        Ok(())
    }

    fn answer(
        &mut self,
        arguments: &Import,
        known: &mut Known,
        keeper: &Keeper<'_>,
        place: Place,
        answer: &FoundAnswer,
    ) -> anyhow::Result<()> {
        let hash = answer.digest();
        match known.answered(&hash, place, answer.text_digest()) {
            Standing::First => {
                if let Some(what) = keeper.differs(answer)? {
                    known.passed_over(&hash, place);
                    self.tell(
                        arguments,
                        place,
                        &what,
                        "the first answer stays; another `--store` or `--repeat` keeps both",
                    );
                    return Ok(());
                }
                self.answers += 1;
                if let Some(model) = &answer.served_by {
                    *self.served_by.entry(model.clone()).or_default() += 1;
                }
            }
            Standing::Double => self.doubles += 1,
            Standing::Differs(first) => {
                let what = format!(
                    "another answer to request {}… than in {}",
                    answer.request.short(),
                    told(arguments, first)
                );
                self.tell(
                    arguments,
                    place,
                    &what,
                    "keep one of them; answers of another time are imported with `--repeat`",
                );
            }
            Standing::Unknown => self.unknown(arguments, place, &answer.request),
        }
        Ok(())
    }

    fn unanswered(
        &mut self,
        arguments: &Import,
        known: &Known,
        place: Place,
        request: &Hash,
        ended: Ended,
        said: &str,
    ) {
        let hash = super::known::digest(request);
        if !known.has(&hash) {
            self.unknown(arguments, place, request);
            return;
        }
        *self.ended.entry(ended).or_default() += 1;
        if self.endings.len() < ENDINGS_SHOWN {
            let why = match said.is_empty() {
                true => ended.word().to_owned(),
                false => format!("{}: {said}", ended.word()),
            };
            self.endings
                .push((hash, format!("  {}: {why}", told(arguments, place))));
        }
    }

    fn unknown(&mut self, arguments: &Import, place: Place, request: &Hash) {
        self.tell(
            arguments,
            place,
            &format!("no request has the hash {}…", request.short()),
            "name the goldset that was exported; if prompts, view or sessions have changed since, export again",
        );
    }

    fn tell(&mut self, arguments: &Import, place: Place, what: &str, remedy: &str) {
        let path = &arguments.files[usize::from(place.file)];
        self.add(&Problem::new(path, u64::from(place.line), what, remedy));
    }

    fn add(&mut self, problem: &Problem) {
        self.unusable += 1;
        let known = self
            .problems
            .iter()
            .position(|alike| alike.remedy == problem.remedy());
        let at = known.unwrap_or_else(|| {
            self.problems.push(Alike {
                remedy: problem.remedy().to_owned(),
                count: 0,
                findings: Vec::new(),
            });
            self.problems.len() - 1
        });
        let alike = &mut self.problems[at];
        alike.count += 1;
        if alike.findings.len() < LINES_SHOWN {
            alike.findings.push(problem.finding());
        }
    }

    fn refuse_if_unusable(&self, rendering: &Rendering, arguments: &Import) -> anyhow::Result<()> {
        if self.unusable == 0 || arguments.keep_going {
            return Ok(());
        }
        let rest = match self.answers {
            0 => String::new(),
            some => format!(
                "\n\nhint: mend them, or keep the other {} with `--keep-going`",
                counted(some, "answer")
            ),
        };
        anyhow::bail!(
            "{} cannot be imported for the goldset `{}`; nothing was kept\n{}{rest}",
            counted(self.unusable, "line"),
            rendering.goldset.name,
            self.problems_told(),
        );
    }

    fn differ(&mut self, conflicts: &[Problem]) {
        for problem in conflicts {
            self.add(problem);
            self.answers -= 1;
        }
    }

    fn problems_told(&self) -> String {
        let mut lines = Vec::new();
        for alike in &self.problems {
            lines.extend(alike.findings.iter().map(|finding| format!("  {finding}")));
            let more = alike.count - u64::try_from(alike.findings.len()).unwrap_or(0);
            if 0 < more {
                lines.push(format!("  … {more} more like these"));
            }
            lines.push(format!("      {}", alike.remedy));
        }
        lines.join("\n")
    }

    fn refuse_if_changed(&self, kept: &Kept) -> anyhow::Result<()> {
        anyhow::ensure!(
            kept.answers == self.answers,
            "the files changed while they were read: {} were answers at first, {} later\n\nhint: import them again when they are complete",
            self.answers,
            kept.answers
        );
        Ok(())
    }
}

fn told(arguments: &Import, place: Place) -> String {
    let path: &PathBuf = &arguments.files[usize::from(place.file)];
    format!("{}:{}", path.display(), place.line)
}

/// The answers of these lines that the first reading chose.
fn answers_in(lines: Vec<Line>, known: &Known) -> Vec<(Place, FoundAnswer)> {
    lines
        .into_iter()
        .filter_map(|line| match line.found {
            Found::Answer(answer) => Some((line.place, *answer)),
            Found::Unanswered { .. } | Found::Unusable(..) => None,
        })
        .filter(|(place, answer)| known.is_answer(&answer.digest(), *place, answer.text_digest()))
        .collect()
}

fn said(arguments: &Import, checked: &Checked, kept: &Kept, known: &Known) -> String {
    let mut said = kept.said(arguments);
    if said.is_empty() {
        said.push("the files hold no answers".to_owned());
    }
    if !checked.served_by.is_empty() {
        let models: Vec<String> = checked
            .served_by
            .iter()
            .map(|(model, count)| format!("{model} ({count})"))
            .collect();
        said.push(format!("answered by {}", models.join(", ")));
    }
    if 0 < checked.doubles {
        said.push(format!(
            "{} said the same as one before",
            counted(checked.doubles, "answer")
        ));
    }
    if 0 < checked.unusable {
        said.push(format!(
            "{} passed over\n{}",
            match checked.unusable {
                1 => "1 line was".to_owned(),
                several => format!("{several} lines were"),
            },
            checked.problems_told()
        ));
    }
    if !checked.ended.is_empty() {
        let all: u64 = checked.ended.values().sum();
        let kinds: Vec<String> = checked
            .ended
            .iter()
            .map(|(ended, count)| format!("{count} {}", ended.word()))
            .collect();
        said.push(format!(
            "{} ended without an answer: {}",
            counted(all, "request"),
            kinds.join(", ")
        ));
        let open = checked
            .endings
            .iter()
            .filter(|(hash, _)| !known.is_answered(hash));
        said.extend(open.map(|(_, ending)| ending.clone()));
        let flags = match &arguments.store {
            Some(store) => format!("--model {} --store {}", arguments.model, store.display()),
            None => format!("--missing {}", arguments.model),
        };
        said.push(format!(
            "hint: they stay missing; `validate requests export --goldset {} {flags} --out FILE` writes what is still to be asked",
            arguments.goldset.display()
        ));
    }
    said.join("\n")
}
