//! Redaction: generated secrets do not survive, real sessions stay readable, arbitrary text never breaks it.

mod kinds;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use harness::ingest::redact::Redactor;
use proptest::prelude::*;
use rand::rngs::ChaCha8Rng;
use rand::{RngExt, SeedableRng};

use kinds::{BASE64, CARRIERS, GIVEN, HEX, JUDGED, MIXED, NAMED, TOKENS, fill, random};

/// Secrets per kind, each in every carrier.
const SAMPLES: usize = 25;

/// How many of the secrets of a kind were redacted, and the first that was not.
struct Recall {
    kind: String,
    found: usize,
    all: usize,
    missed: Option<String>,
}

impl Recall {
    fn new(kind: &str) -> Recall {
        Recall {
            kind: kind.to_owned(),
            found: 0,
            all: 0,
            missed: None,
        }
    }

    /// A secret counts as redacted if no eight characters of it survive; shorter parts stand in any text.
    fn add(&mut self, carrier: &str, text: &str, body: &str) {
        let redacted = Redactor::standard().redact(text);
        // The name of a rule may be part of a token's fixed prefix.
        let rest: String = redacted
            .split("[REDACTED:")
            .map(|part| part.split_once(']').map_or(part, |(_, rest)| rest))
            .collect();
        let survives = body
            .as_bytes()
            .windows(8)
            .any(|part| rest.contains(std::str::from_utf8(part).unwrap()));
        self.all += 1;
        if survives {
            self.missed
                .get_or_insert_with(|| format!("{carrier}: {redacted}"));
        } else {
            self.found += 1;
        }
        assert_eq!(
            Redactor::standard().redact(&redacted),
            redacted,
            "redacting twice changes {text}"
        );
        if serde_json::from_str::<serde_json::Value>(text).is_ok() {
            assert!(
                serde_json::from_str::<serde_json::Value>(&redacted).is_ok(),
                "no JSON any more: {redacted}"
            );
        }
    }

    fn print(all: &[Recall]) {
        let mut table = String::new();
        for recall in all {
            let share = 100.0 * recall.found as f64 / recall.all as f64;
            table += &format!(
                "{:<40} {:>5}/{:<5} {share:>6.2} %\n",
                recall.kind, recall.found, recall.all
            );
            if let Some(missed) = &recall.missed {
                table += &format!("    {missed}\n");
            }
        }
        show(&table);
    }
}

/// Tests print under `--nocapture` only.
#[allow(clippy::print_stdout)]
fn show(text: &str) {
    println!("{text}");
}

fn rng(stream: u64) -> ChaCha8Rng {
    let mut rng = ChaCha8Rng::seed_from_u64(20_260_422);
    rng.set_stream(stream);
    rng
}

fn complete(all: &[Recall]) {
    Recall::print(all);
    for recall in all {
        assert_eq!(
            recall.found, recall.all,
            "{}: {:?}",
            recall.kind, recall.missed
        );
    }
}

#[test]
fn tokens_with_a_shape_of_their_own_never_survive() {
    let mut all = Vec::new();
    for (stream, (kind, pattern)) in TOKENS.iter().enumerate() {
        let mut rng = rng(stream as u64);
        let mut recall = Recall::new(kind);
        for _ in 0..SAMPLES {
            let parts: Vec<String> = pattern
                .split('|')
                .map(|part| fill(&mut rng, part))
                .collect();
            let token = parts.concat();
            // Fixed prefixes such as the host of a webhook are no part of the secret.
            let body = if token.starts_with("https://") {
                &token[token.len() - 24..]
            } else {
                &token[..]
            };
            for (carrier, shape) in CARRIERS {
                recall.add(carrier, &shape.replace('@', &token), body);
            }
        }
        all.push(recall);
    }
    complete(&all);
}

fn given(table: &[(&str, &str, &str)], first_stream: u64) -> Vec<Recall> {
    let mut all = Vec::new();
    for (stream, (kind, name, pattern)) in (first_stream..).zip(table) {
        let mut rng = rng(stream);
        let mut recall = Recall::new(kind);
        for _ in 0..SAMPLES {
            let value = fill(&mut rng, pattern);
            for (carrier, shape) in GIVEN {
                for name in [name.to_string(), name.to_lowercase()] {
                    recall.add(
                        carrier,
                        &shape.replace('#', &name).replace('@', &value),
                        &value,
                    );
                }
            }
        }
        all.push(recall);
    }
    all
}

#[test]
fn values_under_the_name_of_a_provider_never_survive() {
    complete(&given(NAMED, 200));
}

#[test]
fn random_values_under_the_name_of_a_credential_hardly_ever_survive() {
    let all = given(JUDGED, 300);
    Recall::print(&all);
    for recall in &all {
        assert!(
            recall.found * 100 >= recall.all * 95,
            "{}: {} of {}",
            recall.kind,
            recall.found,
            recall.all
        );
    }
}

#[test]
fn secrets_in_structures_never_survive() {
    let mut all = Vec::new();
    for (stream, (kind, make)) in (400..).zip(structures()) {
        let mut rng = rng(stream);
        let mut recall = Recall::new(kind);
        for _ in 0..SAMPLES * 8 {
            let (text, body) = make(&mut rng);
            recall.add(kind, &text, &body);
        }
        all.push(recall);
    }
    Recall::print(&all);
    for recall in &all {
        let least = if MADE_UP.contains(&recall.kind.as_str()) {
            97
        } else {
            100
        };
        assert!(
            recall.found * 100 >= recall.all * least,
            "{}: {:?}",
            recall.kind,
            recall.missed
        );
    }
}

/// Structures around a value of no shape, which is judged.
const MADE_UP: &[&str] = &[
    "Authorization: bearer, in code",
    "Authorization: Bearer",
    "--password flag",
    "--token= flag",
    ".netrc",
    "connection string, ADO",
    "NuGet configuration",
    "Ruby hash",
    "query ?access_token=",
    "Cookie",
    "Set-Cookie",
    "curl -b",
    "git remote with token",
    "X-Api-Key",
    "X-Api-Key in JSON",
    "Authorization: Token",
];

/// A text and the secret in it.
type Make = fn(&mut ChaCha8Rng) -> (String, String);

fn structures() -> Vec<(&'static str, Make)> {
    fn pem(rng: &mut ChaCha8Rng, label: &str, break_: &str, lines: usize) -> (String, String) {
        let body: Vec<String> = (0..lines).map(|_| random(rng, BASE64, 64)).collect();
        let text = format!(
            "-----BEGIN {label}-----{break_}{}{break_}-----END {label}-----",
            body.join(break_)
        );
        (text, body.concat())
    }
    vec![
        ("PEM private key", |rng| {
            pem(rng, "RSA PRIVATE KEY", "\n", 25)
        }),
        ("PEM, written line breaks", |rng| {
            pem(rng, "PRIVATE KEY", "\\n", 25)
        }),
        ("PEM, escaped twice", |rng| {
            pem(rng, "EC PRIVATE KEY", "\\\\n", 3)
        }),
        ("PEM, CRLF", |rng| {
            pem(rng, "ENCRYPTED PRIVATE KEY", "\r\n", 25)
        }),
        ("PEM, one line of Ed25519", |rng| {
            pem(rng, "PRIVATE KEY", "\n", 1)
        }),
        ("OpenSSH private key", |rng| {
            pem(rng, "OPENSSH PRIVATE KEY", "\n", 6)
        }),
        ("PGP private key", |rng| {
            pem(rng, "PGP PRIVATE KEY BLOCK", "\n", 30)
        }),
        ("PEM in a listing", |rng| {
            pem(rng, "PRIVATE KEY", "\n    12→", 25)
        }),
        ("PEM in string literals", |rng| {
            pem(rng, "PRIVATE KEY", "\\n\" +\n  \"", 10)
        }),
        ("PEM, cut", |rng| {
            let (text, body) = pem(rng, "PRIVATE KEY", "\n", 25);
            (
                format!("{} ... (output truncated)", &text[..700]),
                body[..600].to_owned(),
            )
        }),
        ("PEM, cut, in a listing", |rng| {
            let (text, body) = pem(rng, "PRIVATE KEY", "\n    12→", 25);
            (
                text[..text.floor_char_boundary(400)].to_owned(),
                body[..200].to_owned(),
            )
        }),
        ("service account JSON", |rng| {
            let (text, body) = pem(rng, "PRIVATE KEY", "\\n", 26);
            let email = "robot@project.iam.gserviceaccount.com";
            (
                format!(
                    r#"{{"type":"service_account","private_key":"{text}\n","client_email":"{email}"}}"#
                ),
                body,
            )
        }),
        ("PostgreSQL URL", |rng| {
            let body = fill(rng, "{m16}");
            (
                format!(
                    "DATABASE_URL=postgresql://app:{body}@db.host.dev:5432/app?sslmode=require"
                ),
                body,
            )
        }),
        ("MongoDB URL", |rng| {
            let body = fill(rng, "{s18}");
            let body = body.replace(['#', '?', '%'], "x");
            (
                format!(
                    "mongoose.connect('mongodb+srv://app:{body}@cluster0.ab1cd.mongodb.net/app')"
                ),
                body,
            )
        }),
        ("Redis URL without user", |rng| {
            let body = fill(rng, "{m24}");
            (
                format!(r#"{{"REDIS_URL":"rediss://:{body}@eu1.host.dev:6380"}}"#),
                body,
            )
        }),
        ("AMQP URL, percent-encoded", |rng| {
            let (head, tail) = (fill(rng, "{m9}"), fill(rng, "{m9}"));
            (
                format!("amqps://app:{head}%40{tail}@host/vhost"),
                format!("{head}%40{tail}"),
            )
        }),
        ("git remote with token", |rng| {
            let body = fill(rng, "{h40}");
            (
                format!("origin\thttps://{body}@git.host.dev/team/app.git (fetch)"),
                body,
            )
        }),
        ("basic-auth URL", |rng| {
            let body = fill(rng, "{l12}");
            (
                format!("curl https://deploy:{body}@registry.host.dev/v2/"),
                body,
            )
        }),
        ("Authorization: Bearer", |rng| {
            let body = fill(rng, "{_40}");
            (
                format!("> GET /v1/me HTTP/2\n> Authorization: Bearer {body}\n> Accept: */*"),
                body,
            )
        }),
        ("Authorization: bearer, in code", |rng| {
            let body = fill(rng, "{m32}");
            (
                format!("headers: {{ 'authorization': 'bearer {body}' }}"),
                body,
            )
        }),
        ("Authorization: Basic", |rng| {
            let body = base64(&fill(rng, "app:{m20}"));
            (format!("Authorization: Basic {body}\r\n"), body)
        }),
        ("Authorization: Token", |rng| {
            let body = fill(rng, "{m40}");
            (
                format!("curl -H \"Authorization: Token {body}\" https://host.dev"),
                body,
            )
        }),
        ("X-Api-Key", |rng| {
            let body = fill(rng, "{m32}");
            (
                format!("curl -H 'x-api-key: {body}' https://host.dev"),
                body,
            )
        }),
        ("X-Api-Key in JSON", |rng| {
            let body = fill(rng, "{h32}");
            (
                format!(r#"{{"input":"curl -H \"X-API-Key: {body}\" https://host.dev"}}"#),
                body,
            )
        }),
        ("Cookie", |rng| {
            let body = fill(rng, "{_43}");
            (
                format!("Cookie: theme=dark; sessionid={body}; lang=en"),
                body,
            )
        }),
        ("Set-Cookie", |rng| {
            let body = fill(rng, "{m32}");
            (
                format!("< set-cookie: __Host-sid={body}; Path=/; HttpOnly; Secure"),
                body,
            )
        }),
        ("curl -b", |rng| {
            let body = fill(rng, "{m32}");
            (
                format!("curl --cookie 'connect.sid={body}' https://host.dev"),
                body,
            )
        }),
        ("curl -u", |rng| {
            let body = fill(rng, "{m16}");
            (
                format!("curl -s -u admin:{body} https://host.dev/api"),
                body,
            )
        }),
        ("curl --user, quoted", |rng| {
            let body = fill(rng, "{s16}");
            (
                format!("curl --user \"admin:{body}\" https://host.dev/api"),
                body,
            )
        }),
        ("curl -u in JSON", |rng| {
            let body = fill(rng, "{m16}");
            (
                format!(r#"{{"command":"curl -u \"admin:{body}\" https://host.dev/api"}}"#),
                body,
            )
        }),
        ("--password flag", |rng| {
            let body = fill(rng, "{m16}");
            (
                format!("mysqldump --user app --password {body} app > dump.sql"),
                body,
            )
        }),
        ("--token= flag", |rng| {
            let body = fill(rng, "{m24}");
            (format!("npx deploy --prod --token={body}"), body)
        }),
        ("query ?access_token=", |rng| {
            let body = fill(rng, "{_40}");
            (
                format!("GET /v1/me?access_token={body}&fields=id HTTP/1.1"),
                body,
            )
        }),
        (".npmrc", |rng| {
            let body = fill(rng, "{h8}-{h4}-{h4}-{h4}-{h12}");
            (format!("//registry.npmjs.org/:_authToken={body}\n"), body)
        }),
        (".netrc", |rng| {
            let body = fill(rng, "{m20}");
            (
                format!("machine host.dev login app password {body}\n"),
                body,
            )
        }),
        ("connection string, ADO", |rng| {
            let body = fill(rng, "{m18}");
            (
                format!("Server=tcp:db.host.dev;User ID=app;Password={body};Encrypt=true;"),
                body,
            )
        }),
        ("connection string, Azure storage", |rng| {
            let body = fill(rng, "{686}==");
            (
                format!(
                    "DefaultEndpointsProtocol=https;AccountName=app;AccountKey={body};EndpointSuffix=core.windows.net"
                ),
                body,
            )
        }),
        ("SAS URL", |rng| {
            let body = fill(rng, "{m43}%3D");
            (
                format!(
                    "https://app.blob.core.windows.net/c/f?sv=2024-11-04&se=2026-01-01&sp=r&sig={body}"
                ),
                body,
            )
        }),
        ("aws configure", |rng| {
            let body = fill(rng, "{640}");
            (
                format!(
                    "AWS Secret Access Key [None]: {body}\nDefault region name [None]: eu-west-1"
                ),
                body,
            )
        }),
        ("AWS key pair, CSV", |rng| {
            let body = fill(rng, "{640}");
            (
                fill(rng, "Access key ID,Secret access key\nAK") + &fill(rng, "IA{316},") + &body,
                body,
            )
        }),
        ("NuGet configuration", |rng| {
            let body = fill(rng, "{m20}");
            (
                format!(r#"<add key="ClearTextPassword" value="{body}" />"#),
                body,
            )
        }),
        ("Ruby hash", |rng| {
            let body = fill(rng, "{m20}");
            (format!(":password => '{body}', 'secret' => '{body}'"), body)
        }),
    ]
}

fn base64(text: &str) -> String {
    let alphabet = BASE64.as_bytes();
    let mut out = String::new();
    for chunk in text.as_bytes().chunks(3) {
        let bits = chunk
            .iter()
            .fold(0u32, |bits, byte| bits << 8 | u32::from(*byte))
            << (8 * (3 - chunk.len()));
        for at in 0..=chunk.len() {
            out.push(char::from(alphabet[(bits >> (18 - 6 * at) & 63) as usize]));
        }
    }
    out + &"=".repeat((4 - out_len(text)) % 4)
}

fn out_len(text: &str) -> usize {
    (text.len() * 4).div_ceil(3) % 4
}

#[test]
fn what_is_no_secret_stays() {
    let mut rng = rng(500);
    let sha = random(&mut rng, HEX, 40);
    let uuid = fill(&mut rng, "{h8}-{h4}-4{h3}-a{h3}-{h12}");
    let image = format!(
        "data:image/png;base64,iVBORw0KGgo{}=",
        random(&mut rng, BASE64, 40_000)
    );
    let signature = format!(
        r#"{{"type":"thinking","thinking":"","signature":"{}"}}"#,
        random(&mut rng, BASE64, 900)
    );
    let lines = [
        format!("commit {sha}\nindex {}..{} 100644", &sha[..7], &sha[7..14]),
        format!(r#"{{"uuid":"{uuid}","sessionId":"{uuid}","token_id":"{uuid}","leafUuid":"{uuid}"}}"#),
        format!("cache_key = \"{sha}\", session token: {uuid}"),
        image,
        signature,
        r#""integrity": "sha512-9n5jr1mkkc3fVA3h3Xq8n6Lk0m2vJ7cQ4Wz8b1y5t6u7i8o9p0a==""#.to_owned(),
        "api_key: your-api-key, OPENAI_API_KEY=sk-..., ANTHROPIC_API_KEY=sk-ant-...".to_owned(),
        "ANTHROPIC_API_KEY=sk-ant-api03-xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx".to_owned(),
        "const token = getToken(); const apiKey = process.env.API_KEY; let secret = await vault.read('app');".to_owned(),
        "password: string; token?: string | null; apiKey: z.string().min(32), secretKey: Option<String>".to_owned(),
        "if (password !== confirmPassword1) throw new Error('Passwords do not match');".to_owned(),
        "\"input_tokens\":12345,\"cache_creation_input_tokens\":20480,\"max_tokens\": 64000".to_owned(),
        "password=REDACTED token: [REDACTED] postgres://app:REDACTED@host/db Authorization: Bearer REDACTED".to_owned(),
        "postgres://postgres:postgres@localhost:5432/app mysql://root:password@127.0.0.1 redis://:${REDIS_PASSWORD}@h".to_owned(),
        "curl -H \"Authorization: Bearer $TOKEN\" -H 'x-api-key: ${API_KEY}' -u \"$USER:$PASSWORD\" https://host".to_owned(),
        "export GITHUB_TOKEN=${{ secrets.GITHUB_TOKEN }}\nPASSWORD=<your-password>\nSECRET={{ .Values.secret }}".to_owned(),
        "key={item.id} primary_key=True foreign_key: user_id sort_key = created_at_desc_2".to_owned(),
        "if (pem.includes('-----BEGIN PRIVATE KEY-----')) { return parse(pem) } // '-----END PRIVATE KEY-----'".to_owned(),
        "-----BEGIN PRIVATE KEY-----\n...\n-----END PRIVATE KEY-----".to_owned(),
        "task-force disk-usage risk-assessment-document-2024 ask-questions sk-learn".to_owned(),
        "the token was refreshed; secret: keep it simple; Bearer authentication, Basic understanding".to_owned(),
        "src/auth/token-provider.ts:42 import { accessTokenProvider2 } from './access-token-provider-2'".to_owned(),
        "--token <TOKEN> --api-key KEY --password-file /run/secrets/db_password_2".to_owned(),
    ];
    for line in lines {
        assert_eq!(Redactor::standard().redact(&line), line);
    }
}

#[test]
fn a_text_without_secrets_is_borrowed() {
    assert!(matches!(
        Redactor::standard().redact("fn main() {}"),
        std::borrow::Cow::Borrowed(_)
    ));
    assert_eq!(Redactor::standard().count("fn main() {}"), 0);
}

#[test]
fn count_is_the_number_of_placeholders() {
    let mut rng = rng(501);
    let text = format!(
        "a {} b {} c",
        fill(&mut rng, "ghp_{m36}"),
        fill(&mut rng, "ghp_{m36}")
    );
    assert_eq!(Redactor::standard().count(&text), 2);
    assert_eq!(
        Redactor::standard().redact(&text),
        "a [REDACTED:github-pat] b [REDACTED:github-pat] c"
    );
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    #[test]
    fn arbitrary_text_is_redacted_once_and_for_all(text in "\\PC*") {
        let once = Redactor::standard().redact(&text).into_owned();
        prop_assert_eq!(Redactor::standard().redact(&once), once.as_str());
    }

    #[test]
    fn text_of_the_pieces_of_secrets_is_redacted_once_and_for_all(
        pieces in proptest::collection::vec(prop_oneof![
            proptest::sample::select(PIECES).prop_map(str::to_owned),
            "[A-Za-z0-9_+/=-]{1,60}",
            "[\\x00-\\x7f]{1,3}",
            "\\PC{1,3}",
        ], 1..40)
    ) {
        let text = pieces.concat();
        let once = Redactor::standard().redact(&text).into_owned();
        prop_assert_eq!(Redactor::standard().redact(&once), once.as_str());
    }

    #[test]
    fn a_token_in_arbitrary_text_does_not_survive(before in "(\\PC{0,40} )?", after in "( \\PC{0,40})?", seed: u64) {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let (_, pattern) = TOKENS[rng.random_range(0..TOKENS.len())];
        let token = fill(&mut rng, &pattern.replace('|', ""));
        let text = format!("{before}{token}{after}");
        let redacted = Redactor::standard().redact(&text);
        let body = &token[token.len() - 12..];
        prop_assert!(!redacted.contains(body), "{} in {}", token, redacted);
    }
}

/// What the rules look for, and what they stumble over.
const PIECES: &[&str] = &[
    "token",
    "secret=",
    "password: ",
    "api_key\": \"",
    "\\\"",
    "\\",
    "\"",
    "'",
    "=",
    ": ",
    "\n",
    "\\n",
    " ",
    "://",
    "@",
    ":",
    "sk-ant-",
    "ghp_",
    "eyJ",
    ".",
    "-----BEGIN PRIVATE KEY-----",
    "-----END PRIVATE KEY-----",
    "-----BEGIN ",
    "Bearer ",
    "Basic ",
    "Cookie: ",
    "; ",
    "curl ",
    "-u ",
    "AKIA",
    "[REDACTED:token]",
    "[REDACTED",
    "REDACTED",
    "value=",
    "{\"name\":\"",
    "--token ",
    "Q~",
    ".atlasv1.",
    "%3D",
    "export A_KEY=",
    "→",
    "é",
];

#[test]
fn time_grows_with_the_length_of_hostile_text_only() {
    for piece in PIECES.iter().chain(&[
        "sk-sk-",
        "token=token:",
        "eyJ-eyJ.",
        "secret\\\\\"",
        "curl -u ",
        "Cookie: a=b; ",
        "pass://:",
    ]) {
        let text = piece.repeat(400_000 / piece.len());
        let start = Instant::now();
        let _ = Redactor::standard().redact(&text);
        show(&format!("{piece:?}: {:?}", start.elapsed()));
        assert!(
            start.elapsed() < Duration::from_secs(20),
            "{piece} takes {:?}",
            start.elapsed()
        );
    }
}

/// The folder with the reference data, if it is there.
fn reference(part: &str) -> Option<PathBuf> {
    let root = std::env::var_os("VALIDATE_REFERENCE_DATA").map_or_else(
        || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../shared"),
        PathBuf::from,
    );
    let part = root.join(part);
    if !part.is_dir() {
        show(&format!(
            "skipped: {} is not there (VALIDATE_REFERENCE_DATA names the folder)",
            part.display()
        ));
        return None;
    }
    Some(part)
}

/// Every string of every JSON value in the session files.
fn session_strings(each: &mut dyn FnMut(&str)) -> Option<()> {
    fn walk(value: &serde_json::Value, each: &mut dyn FnMut(&str)) {
        match value {
            serde_json::Value::String(text) => each(text),
            serde_json::Value::Array(items) => items.iter().for_each(|item| walk(item, each)),
            serde_json::Value::Object(items) => items.values().for_each(|item| walk(item, each)),
            _ => {}
        }
    }
    for entry in walkdir::WalkDir::new(reference("sessions")?).sort_by_file_name() {
        let entry = entry.unwrap();
        if entry
            .path()
            .extension()
            .is_some_and(|extension| extension == "jsonl")
        {
            let bytes = std::fs::read(entry.path()).unwrap();
            for value in
                serde_json::Deserializer::from_slice(&bytes).into_iter::<serde_json::Value>()
            {
                let Ok(value) = value else { break };
                walk(&value, each);
            }
        }
    }
    Some(())
}

#[test]
#[ignore = "lists every match in the reference sessions: cargo test --release --test it lists_every -- --ignored --nocapture"]
fn lists_every_match_in_real_sessions_by_rule() {
    let redactor = Redactor::standard();
    let mut by_rule: BTreeMap<String, BTreeMap<String, usize>> = BTreeMap::new();
    let read = session_strings(&mut |text| {
        for (rule, range) in redactor.find(text) {
            let start = text.floor_char_boundary(range.start.saturating_sub(40));
            let end = text.ceil_char_boundary(range.end + 12);
            let shown = format!(
                "{} >>>{}<<< {}",
                &text[start..range.start],
                &text[range.clone()],
                &text[range.end..end]
            );
            *by_rule
                .entry(rule.to_owned())
                .or_default()
                .entry(shown.replace('\n', "⏎"))
                .or_default() += 1;
        }
    });
    if read.is_none() {
        return;
    }
    for (rule, matches) in by_rule {
        show(&format!(
            "{rule}: {} matches, {} different",
            matches.values().sum::<usize>(),
            matches.len()
        ));
        for (shown, times) in matches {
            show(&format!("    {times} x {shown}"));
        }
    }
}

#[test]
#[ignore = "measures: cargo test --release --test it measures_speed -- --ignored --nocapture"]
fn measures_speed_on_real_sessions() {
    let redactor = Redactor::standard();
    let mut texts = Vec::new();
    if session_strings(&mut |text| texts.push(text.to_owned())).is_none() {
        return;
    }
    let raw: Vec<String> = walkdir::WalkDir::new(reference("sessions").unwrap())
        .into_iter()
        .map(|entry| entry.unwrap())
        .filter(|entry| {
            entry
                .path()
                .extension()
                .is_some_and(|extension| extension == "jsonl")
        })
        .map(|entry| String::from_utf8_lossy(&std::fs::read(entry.path()).unwrap()).into_owned())
        .collect();
    let mut rng = rng(502);
    let noise = vec![random(&mut rng, MIXED, 8_000_000)];
    for (what, texts) in [
        ("decoded strings", &texts),
        ("raw files", &raw),
        ("random letters", &noise),
    ] {
        let bytes: usize = texts.iter().map(String::len).sum();
        let best = (0..3)
            .map(|_| {
                let start = Instant::now();
                let changed = texts
                    .iter()
                    .filter(|text| matches!(redactor.redact(text), std::borrow::Cow::Owned(_)))
                    .count();
                (start.elapsed(), changed)
            })
            .min()
            .unwrap();
        let speed = bytes as f64 / 1e6 / best.0.as_secs_f64();
        show(&format!(
            "{what}: {:.0} MB in {} texts, {} changed, {speed:.0} MB/s",
            bytes as f64 / 1e6,
            texts.len(),
            best.1
        ));
    }
}
