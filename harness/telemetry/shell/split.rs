//! Splits a command line into its simple commands, as a POSIX shell would: quotes, substitutions, here-documents.

/// Substitutions and subshells are followed this deep; a command that goes deeper is none that a person reads.
const DEEPEST: usize = 16;

/// One simple command.
#[derive(Debug, Default)]
pub(super) struct Part {
    /// Its words, quotes removed; redirections are left out.
    pub(super) words: Vec<String>,
    /// Whether its output goes to a file outside the temporary folders.
    pub(super) writes: bool,
    /// What its here-documents feed it.
    pub(super) input: String,
}

/// The simple commands of a command line, those of substitutions included.
pub(super) fn parts(command: &str) -> Vec<Part> {
    let mut splitter = Splitter {
        text: command.chars().collect(),
        at: 0,
        depth: 0,
        parts: Vec::new(),
        heredocs: Vec::new(),
    };
    while splitter.at < splitter.text.len() {
        splitter.commands(None);
    }
    splitter.parts
}

/// Whether a file is none of the project's.
pub(super) fn is_scratch(path: &str) -> bool {
    [
        "/dev/",
        "/tmp/",
        "/var/tmp/",
        "/private/tmp/",
        "$TMPDIR",
        "${TMPDIR",
    ]
    .iter()
    .any(|folder| path.starts_with(folder))
}

struct Splitter {
    text: Vec<char>,
    at: usize,
    depth: usize,
    parts: Vec<Part>,
    /// Here-documents whose bodies begin at the next line.
    heredocs: Vec<Heredoc>,
}

struct Heredoc {
    end: String,
    strip_tabs: bool,
    /// The part that it feeds: the index at which it will stand.
    part: usize,
}

/// What is known of the simple command that is being read.
#[derive(Default)]
struct Current {
    part: Part,
    word: Option<String>,
}

impl Current {
    fn end_word(&mut self) {
        self.part.words.extend(self.word.take());
    }
}

impl Splitter {
    fn peek(&self, ahead: usize) -> Option<char> {
        self.text.get(self.at + ahead).copied()
    }

    fn starts_with(&self, text: &str) -> bool {
        text.chars()
            .enumerate()
            .all(|(ahead, character)| self.peek(ahead) == Some(character))
    }

    /// Reads commands up to and with `until`, or to the end.
    fn commands(&mut self, until: Option<char>) {
        let mut current = Current::default();
        while let Some(character) = self.peek(0) {
            if until == Some(character) {
                self.at += 1;
                break;
            }
            if self.piece(&mut current.word) {
                continue;
            }
            match character {
                '\n' => {
                    self.at += 1;
                    self.end_part(&mut current);
                    self.heredoc_bodies();
                }
                '#' => {
                    while self.peek(0).is_some_and(|next| next != '\n') {
                        self.at += 1;
                    }
                }
                '>' | '<' => self.redirection(&mut current),
                '&' if self.peek(1) == Some('>') => {
                    self.at += 1;
                    current.end_word();
                }
                '(' if current
                    .word
                    .as_ref()
                    .is_some_and(|word| word.ends_with('=')) =>
                {
                    // A list of values: `NAME=(a b)`.
                    self.balanced('(', ')');
                }
                '(' if self.starts_with("((") => self.balanced('(', ')'),
                '(' => {
                    self.at += 1;
                    self.end_part(&mut current);
                    self.nested(')');
                }
                ';' | '|' | '&' | ')' => {
                    self.at += 1;
                    self.end_part(&mut current);
                }
                _ => {
                    self.at += 1;
                    current.end_word();
                }
            }
        }
        self.end_part(&mut current);
    }

    fn end_part(&mut self, current: &mut Current) {
        current.end_word();
        let part = std::mem::take(&mut current.part);
        let is_fed = self
            .heredocs
            .iter()
            .any(|heredoc| heredoc.part == self.parts.len());
        if !part.words.is_empty() || part.writes || is_fed {
            self.parts.push(part);
        }
    }

    /// Reads the commands of a substitution or subshell up to `end`.
    fn nested(&mut self, end: char) {
        if self.depth == DEEPEST {
            return;
        }
        self.depth += 1;
        self.commands(Some(end));
        self.depth -= 1;
    }

    /// Takes a piece of a word, if one stands here: a character, a quoted text, a substitution.
    fn piece(&mut self, word: &mut Option<String>) -> bool {
        let Some(character) = self.peek(0) else {
            return false;
        };
        match character {
            '\'' => {
                self.at += 1;
                self.quoted(word.get_or_insert_default(), |_| false);
            }
            '"' => {
                self.at += 1;
                self.double_quoted(word.get_or_insert_default());
            }
            '\\' => {
                self.at += 1;
                match self.next() {
                    // A line that goes on.
                    Some('\n') | None => {}
                    Some(escaped) => word.get_or_insert_default().push(escaped),
                }
            }
            '$' if self.peek(1) == Some('\'') => {
                self.at += 2;
                self.quoted(word.get_or_insert_default(), |character| character == '\\');
            }
            '$' | '`' => self.substitution(word.get_or_insert_default()),
            '#' if word.is_none() => return false,
            '\n' | '>' | '<' | '(' | ')' | ';' | '|' | '&' => return false,
            white if white.is_whitespace() => return false,
            other => {
                self.at += 1;
                word.get_or_insert_default().push(other);
            }
        }
        true
    }

    fn next(&mut self) -> Option<char> {
        let next = self.peek(0);
        self.at += usize::from(next.is_some());
        next
    }

    /// Text up to the next single quote.
    fn quoted(&mut self, word: &mut String, is_escape: fn(char) -> bool) {
        while let Some(character) = self.next() {
            if character == '\'' {
                return;
            }
            if is_escape(character) {
                word.extend(self.next());
            } else {
                word.push(character);
            }
        }
    }

    /// Text up to the next double quote; substitutions in it are run.
    fn double_quoted(&mut self, word: &mut String) {
        while let Some(character) = self.peek(0) {
            match character {
                '"' => {
                    self.at += 1;
                    return;
                }
                '\\' => {
                    self.at += 1;
                    word.extend(self.next());
                }
                '$' | '`' => self.substitution(word),
                other => {
                    self.at += 1;
                    word.push(other);
                }
            }
        }
    }

    /// `$(command)`, `` `command` ``, `$((sum))`, `${name}`; any other dollar stands for itself.
    fn substitution(&mut self, word: &mut String) {
        let start = self.at;
        self.at += 1;
        if self.text[start] == '`' {
            self.nested('`');
        } else if self.starts_with("((") {
            self.balanced('(', ')');
        } else if self.starts_with("(") {
            self.at += 1;
            // Here-documents of the line outside wait until it ends; those inside end inside.
            let outside = std::mem::take(&mut self.heredocs);
            self.nested(')');
            self.heredocs = outside;
        } else if self.starts_with("{") {
            self.balanced('{', '}');
            word.extend(&self.text[start..self.at]);
        } else {
            word.push('$');
        }
    }

    /// Passes over text from an opening bracket to the closing one.
    fn balanced(&mut self, open: char, close: char) {
        let mut depth = 0_usize;
        while let Some(character) = self.next() {
            if character == open {
                depth += 1;
            } else if character == close {
                depth -= 1;
                if depth == 0 {
                    return;
                }
            }
        }
    }

    fn redirection(&mut self, current: &mut Current) {
        let is_descriptor = current
            .word
            .as_ref()
            .is_some_and(|word| word.chars().all(|digit| digit.is_ascii_digit()));
        if is_descriptor {
            current.word = None;
        }
        current.end_word();
        if self.starts_with("<(") || self.starts_with(">(") {
            self.at += 2;
            self.nested(')');
        } else if self.starts_with("<<<") {
            self.at += 3;
            self.target();
        } else if self.starts_with("<<") {
            self.heredoc();
        } else if self.next() == Some('<') {
            self.at += usize::from(self.peek(0) == Some('&'));
            self.target();
        } else {
            let compares = current.part.words.first().is_some_and(|word| word == "[[");
            let is_copy = self.peek(0) == Some('&');
            self.at += usize::from(matches!(self.peek(0), Some('&' | '>' | '|')));
            let target = self.target();
            let is_descriptor = is_copy
                && target
                    .chars()
                    .all(|digit| digit.is_ascii_digit() || digit == '-');
            current.part.writes |=
                !(compares || is_descriptor || target.is_empty() || is_scratch(&target));
        }
    }

    /// The word behind a redirection.
    fn target(&mut self) -> String {
        while matches!(self.peek(0), Some(' ' | '\t')) {
            self.at += 1;
        }
        let start = self.at;
        let mut word = None;
        while self.piece(&mut word) {}
        match word {
            // `$TMPDIR/x` has to be known for what it is.
            Some(word) if word.is_empty() => self.text[start..self.at].iter().collect(),
            Some(word) => word,
            None => String::new(),
        }
    }

    fn heredoc(&mut self) {
        self.at += 2;
        let strip_tabs = self.peek(0) == Some('-');
        self.at += usize::from(strip_tabs);
        let end = self.target();
        self.heredocs.push(Heredoc {
            end,
            strip_tabs,
            part: self.parts.len(),
        });
    }

    /// Takes the bodies of the line's here-documents, each up to the line that ends it.
    fn heredoc_bodies(&mut self) {
        for heredoc in std::mem::take(&mut self.heredocs) {
            while self.at < self.text.len() {
                let rest = &self.text[self.at..];
                let length = rest
                    .iter()
                    .position(|character| *character == '\n')
                    .unwrap_or(rest.len());
                let line: String = rest[..length].iter().collect();
                self.at = (self.at + length + 1).min(self.text.len());
                let line = line.trim_end_matches('\r');
                let line = if heredoc.strip_tabs {
                    line.trim_start_matches('\t')
                } else {
                    line
                };
                if line == heredoc.end {
                    break;
                }
                if let Some(part) = self.parts.get_mut(heredoc.part) {
                    part.input.push_str(line);
                    part.input.push('\n');
                }
            }
        }
    }
}
