//! Parquet files with the published schema of SWE-chat, made up for tests and measurements: no row is from the data set.

use std::collections::HashMap;
use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use parquet::basic::{Compression, ZstdLevel};
use parquet::data_type::{BoolType, ByteArray, ByteArrayType, DoubleType, Int64Type};
use parquet::file::properties::WriterProperties;
use parquet::file::writer::SerializedFileWriter;
use parquet::schema::parser::parse_message_type;

/// The published columns: `name:type`, with s text, i whole, f fraction, b flag, u microseconds, n nanoseconds.
pub(crate) const PUBLISHED: [(&str, &str); 6] = [
    (
        "conversations",
        "turn_id:s session_id:s checkpoint_pk:s repo_id:s user_id:s turn_number:i conversation_turn_number:f role:s \
         turn_type:s is_conversational:b content:s model:s timestamp:u input_tokens:i output_tokens:i \
         cache_creation_input_tokens:i cache_read_input_tokens:i is_continuation:b is_first_turn:b word_count:i \
         char_count:i tool_name:s tool_call_id:s file_path:s command:s pattern:s tool_input_json:s category:s \
         bash_category:s queue_op_subtype:s agent:s strategy:s language:s prompt_intent:s prompt_pushback:s",
    ),
    (
        "sessions",
        "session_id:s repo_id:s owner_id:s user_id:s checkpoint_ids:s canonical_checkpoint_pk:s agent:s strategy:s \
         branch:s created_at:n cli_version:s files_touched:s files_touched_count:i checkpoints_count:i input_tokens:i \
         output_tokens:i cache_creation_tokens:i cache_read_tokens:i api_call_count:i agent_lines:f human_added:f \
         human_modified:f human_removed:f total_committed:f agent_percentage:f attribution_calculated_at:n \
         transcript_identifier_at_start:s transcript_path:s tool_call_count:f unique_tools_count:f research_count:f \
         action_count:f first_write_position:f duration_seconds:f turn_count:f prompt_count:i content_hash:s \
         user_persona:s session_success:s",
    ),
    (
        "session_logs",
        "session_id:s transcript_path:s context_md:s session_metadata_raw:s",
    ),
    (
        "checkpoints",
        "checkpoint_pk:s checkpoint_id:s repo_id:s session_pks:s session_count:i commit_shas:s commit_count:i \
         author_user_ids:s unique_author_count:f user_id:s cli_version:s strategy:s branch:s checkpoints_count:i \
         files_touched:s files_touched_count:i cp_input_tokens:i cp_output_tokens:i cp_cache_creation_tokens:i \
         cp_cache_read_tokens:i cp_api_call_count:i total_additions:i total_deletions:i checkpoint_metadata_raw:s",
    ),
    (
        "commits",
        "commit_sha:s checkpoint_pk:s repo_id:s commit_index:i num_commits:i user_id:s github_username:s author_name:s \
         author_email:s author_date:u commit_date:u commit_message:s branch:s is_agent_author:b files_changed_count:i \
         total_additions:i total_deletions:i files_changed:s numstat:s patch:s agent_changes:s file_attribution:s status:s",
    ),
    (
        "repositories",
        "repo_id:s owner_id:s name:s url:s is_fork:b settings:s num_checkpoints:i num_sessions:i num_commits:i \
         num_contributors_in_dataset:i total_additions_in_dataset:i total_deletions_in_dataset:i \
         total_repo_commits_ever:i total_repo_additions_ever:i total_repo_deletions_ever:i total_agent_commits_ever:i \
         total_agent_additions_ever:i total_agent_deletions_ever:i last_scraped_at:u license_type:s \
         repo_github_metadata:s repo_type_domain:s repo_type_audience:s",
    ),
];

/// A cell.
#[derive(Debug, Clone)]
pub(crate) enum Cell {
    Text(Vec<u8>),
    Whole(i64),
    Fraction(f64),
    Flag(bool),
}

impl From<&str> for Cell {
    fn from(text: &str) -> Self {
        Self::Text(text.as_bytes().to_vec())
    }
}

impl From<String> for Cell {
    fn from(text: String) -> Self {
        Self::Text(text.into_bytes())
    }
}

impl From<i64> for Cell {
    fn from(number: i64) -> Self {
        Self::Whole(number)
    }
}

impl From<f64> for Cell {
    fn from(number: f64) -> Self {
        Self::Fraction(number)
    }
}

/// A row: cells by column; columns that it does not name are null.
pub(crate) type Row = HashMap<&'static str, Cell>;

/// How a file is written.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Layout {
    pub(crate) compression: Compression,
    pub(crate) rows_in_group: usize,
}

pub(crate) const SNAPPY: Layout = Layout {
    compression: Compression::SNAPPY,
    rows_in_group: 1_000,
};

/// Many small row groups, the other codec.
pub(crate) fn zstd() -> Layout {
    Layout {
        compression: Compression::ZSTD(ZstdLevel::default()),
        rows_in_group: 3,
    }
}

/// A table in memory.
#[derive(Debug, Clone)]
pub(crate) struct Table {
    pub(crate) columns: Vec<(String, char)>,
    pub(crate) rows: Vec<Row>,
}

impl Table {
    /// A published table without rows.
    pub(crate) fn published(name: &str) -> Self {
        let (_, columns) = PUBLISHED.iter().find(|(table, _)| *table == name).unwrap();
        let columns = columns.split_ascii_whitespace().map(|column| {
            let (name, kind) = column.split_once(':').unwrap();
            (name.to_owned(), kind.chars().next().unwrap())
        });
        Self {
            columns: columns.collect(),
            rows: Vec::new(),
        }
    }

    pub(crate) fn with_column(&mut self, name: &str, kind: char) {
        self.columns.push((name.to_owned(), kind));
    }

    pub(crate) fn without_column(&mut self, name: &str) {
        self.columns.retain(|(column, _)| column != name);
    }

    pub(crate) fn retype(&mut self, name: &str, kind: char) {
        let column = self.columns.iter_mut().find(|(column, _)| column == name);
        column.unwrap().1 = kind;
    }

    pub(crate) fn add<const N: usize>(&mut self, cells: [(&'static str, Cell); N]) {
        self.rows.push(cells.into());
    }

    /// The row with this cell.
    pub(crate) fn row(&mut self, column: &'static str, value: &str) -> &mut Row {
        self.rows
            .iter_mut()
            .find(
                |row| matches!(row.get(column), Some(Cell::Text(text)) if text == value.as_bytes()),
            )
            .unwrap()
    }

    pub(crate) fn write(&self, path: &Path, layout: Layout) {
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        let mut writer = Writer::new(
            File::create(path).unwrap(),
            &self.columns,
            layout.compression,
        );
        for rows in self.rows.chunks(layout.rows_in_group) {
            writer.group(rows);
        }
        writer.close();
    }
}

/// Writes row groups one by one.
pub(crate) struct Writer<W: Write + Send> {
    columns: Vec<(String, char)>,
    writer: SerializedFileWriter<W>,
}

impl<W: Write + Send> Writer<W> {
    pub(crate) fn new(to: W, columns: &[(String, char)], compression: Compression) -> Self {
        let fields: Vec<String> = columns
            .iter()
            .map(|(name, kind)| match kind {
                's' => format!("optional binary {name} (STRING);"),
                'i' => format!("optional int64 {name};"),
                'f' => format!("optional double {name};"),
                'b' => format!("optional boolean {name};"),
                'u' => format!("optional int64 {name} (TIMESTAMP(MICROS,true));"),
                'n' => format!("optional int64 {name} (TIMESTAMP(NANOS,true));"),
                'r' => format!("required binary {name} (STRING);"),
                'l' => format!("optional group {name} (LIST) {{ repeated group list {{ optional binary element (STRING); }} }}"),
                _ => unreachable!("no such type"),
            })
            .collect();
        let schema = parse_message_type(&format!("message schema {{ {} }}", fields.join(" ")));
        let properties = WriterProperties::builder()
            .set_compression(compression)
            .build();
        Self {
            columns: columns.to_vec(),
            writer: SerializedFileWriter::new(to, Arc::new(schema.unwrap()), Arc::new(properties))
                .unwrap(),
        }
    }

    pub(crate) fn group(&mut self, rows: &[Row]) {
        let mut group = self.writer.next_row_group().unwrap();
        for (name, kind) in &self.columns {
            let mut column = group.next_column().unwrap().unwrap();
            let cells = rows.iter().map(|row| row.get(name.as_str()));
            let levels: Vec<i16> = cells
                .clone()
                .map(|cell| i16::from(cell.is_some()))
                .collect();
            let cells = cells.flatten();
            match kind {
                's' | 'r' => {
                    let values: Vec<ByteArray> = cells
                        .map(|cell| match cell {
                            Cell::Text(text) => ByteArray::from(text.clone()),
                            other => panic!("{name}: {other:?} is no text"),
                        })
                        .collect();
                    let levels = (*kind == 's').then_some(&levels[..]);
                    let column = column.typed::<ByteArrayType>();
                    column.write_batch(&values, levels, None).unwrap();
                }
                'f' => {
                    let values: Vec<f64> = cells
                        .map(|cell| match cell {
                            Cell::Fraction(number) => *number,
                            other => panic!("{name}: {other:?} is no fraction"),
                        })
                        .collect();
                    let column = column.typed::<DoubleType>();
                    column.write_batch(&values, Some(&levels), None).unwrap();
                }
                'b' => {
                    let values: Vec<bool> = cells
                        .map(|cell| match cell {
                            Cell::Flag(flag) => *flag,
                            other => panic!("{name}: {other:?} is no flag"),
                        })
                        .collect();
                    let column = column.typed::<BoolType>();
                    column.write_batch(&values, Some(&levels), None).unwrap();
                }
                'l' => {
                    // Every list is null: only the type matters.
                    let nothing = vec![0; rows.len()];
                    let column = column.typed::<ByteArrayType>();
                    column
                        .write_batch(&[], Some(&nothing), Some(&nothing))
                        .unwrap();
                }
                _ => {
                    let values: Vec<i64> = cells
                        .map(|cell| match cell {
                            Cell::Whole(number) => *number,
                            other => panic!("{name}: {other:?} is no whole number"),
                        })
                        .collect();
                    let column = column.typed::<Int64Type>();
                    column.write_batch(&values, Some(&levels), None).unwrap();
                }
            }
            column.close().unwrap();
        }
        group.close().unwrap();
    }

    pub(crate) fn close(self) {
        self.writer.close().unwrap();
    }
}

/// A small copy of the data set.
pub(crate) struct DataSet {
    pub(crate) tables: HashMap<&'static str, Table>,
    pub(crate) transcripts: Vec<(String, Vec<u8>)>,
}

impl DataSet {
    pub(crate) fn new() -> Self {
        Self {
            tables: PUBLISHED
                .iter()
                .map(|(name, _)| (*name, Table::published(name)))
                .collect(),
            transcripts: Vec::new(),
        }
    }

    pub(crate) fn table(&mut self, name: &str) -> &mut Table {
        self.tables.get_mut(name).unwrap()
    }

    /// A session with a checkpoint of its own, one commit, and the rows of one prompt.
    pub(crate) fn session(&mut self, id: &str, repo: &str, transcript: Vec<u8>) {
        let path = format!("transcripts/{id}.jsonl");
        let checkpoint = format!("{:012x}", self.table("sessions").rows.len() + 1);
        let key = format!("{repo}#{checkpoint}");
        self.table("sessions").add([
            ("session_id", id.into()),
            ("repo_id", repo.into()),
            ("user_id", "ada".into()),
            ("agent", "Claude Code".into()),
            ("checkpoint_ids", format!("[\"{checkpoint}\"]").into()),
            ("canonical_checkpoint_pk", key.clone().into()),
            // 2026-02-03T04:05:06Z.
            ("created_at", 1_770_091_506_000_000_000.into()),
            ("output_tokens", 100.into()),
            ("agent_lines", 30.0.into()),
            ("human_added", 10.0.into()),
            ("human_modified", 2.0.into()),
            ("human_removed", 3.0.into()),
            ("total_committed", 40.0.into()),
            ("agent_percentage", 75.0.into()),
            ("transcript_path", path.clone().into()),
            ("user_persona", "Vague Requester".into()),
            ("session_success", "85".into()),
        ]);
        self.table("session_logs").add([
            ("session_id", id.into()),
            ("transcript_path", path.clone().into()),
            (
                "session_metadata_raw",
                "{\"initial_attribution\":{\"metric_version\":2,\"total_lines_changed\":48,\"agent_lines\":30}}".into(),
            ),
        ]);
        self.table("checkpoints").add([
            ("checkpoint_pk", key.clone().into()),
            ("repo_id", repo.into()),
            ("session_pks", format!("[\"{id}\"]").into()),
            ("session_count", 1.into()),
            ("commit_count", 1.into()),
        ]);
        self.table("commits").add([
            (
                "commit_sha",
                format!("{:040x}", id.len() * 1_000 + 7).into(),
            ),
            ("checkpoint_pk", key.into()),
            ("repo_id", repo.into()),
            // 2026-02-03T05:00:00Z.
            ("commit_date", 1_770_094_800_000_000.into()),
            ("files_changed_count", 2.into()),
            ("total_additions", 40.into()),
            ("total_deletions", 8.into()),
            ("status", "ok".into()),
        ]);
        if !self.has("repositories", "repo_id", repo) {
            self.table("repositories").add([
                ("repo_id", repo.into()),
                ("license_type", "MIT".into()),
                ("url", format!("https://example.com/{repo}").into()),
                ("repo_type_domain", "devtools".into()),
                ("repo_type_audience", "developer".into()),
            ]);
        }
        self.turn(id, 0, "user_prompt", Some(("debug", "non_pushback")));
        self.turn(id, 1, "tool_use", None);
        self.turn(id, 2, "tool_result", None);
        self.turn(id, 3, "assistant_response", None);
        self.transcripts.push((path, transcript));
    }

    fn has(&self, table: &str, column: &'static str, value: &str) -> bool {
        self.tables[table].rows.iter().any(
            |row| matches!(row.get(column), Some(Cell::Text(text)) if text == value.as_bytes()),
        )
    }

    /// A row of conversations; a label is intent and pushback.
    pub(crate) fn turn(&mut self, id: &str, number: i64, kind: &str, label: Option<(&str, &str)>) {
        let mut row: Row = [
            ("turn_id", format!("{id}#{number}").into()),
            ("session_id", id.into()),
            ("turn_number", number.into()),
            ("turn_type", kind.into()),
            ("content", "said".into()),
            (
                "timestamp",
                (1_770_091_506_000_000 + number * 60_000_000).into(),
            ),
            ("input_tokens", 5.into()),
            ("output_tokens", 7.into()),
        ]
        .into();
        if let Some((intent, pushback)) = label {
            for (column, value) in [("prompt_intent", intent), ("prompt_pushback", pushback)] {
                if !value.is_empty() {
                    row.insert(column, value.into());
                }
            }
        }
        self.table("conversations").rows.push(row);
    }

    /// Writes tables and transcripts into a folder.
    pub(crate) fn write(&self, folder: &Path) -> PathBuf {
        for (name, table) in &self.tables {
            table.write(&folder.join(format!("{name}.parquet")), SNAPPY);
        }
        self.write_transcripts(folder);
        folder.to_owned()
    }

    pub(crate) fn write_transcripts(&self, folder: &Path) {
        for (path, bytes) in &self.transcripts {
            let path = folder.join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, bytes).unwrap();
        }
    }
}
