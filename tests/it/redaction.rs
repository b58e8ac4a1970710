//! Redaction: generated secrets do not survive, real sessions stay readable, arbitrary text never breaks it.

mod kinds;
mod structures;

use std::time::{Duration, Instant};

use harness::ingest::redact::Redactor;
use proptest::prelude::*;
use rand::rngs::ChaCha8Rng;
use rand::{RngExt, SeedableRng};

use kinds::{BASE64, CARRIERS, GIVEN, HEX, JUDGED, NAMED, TOKENS, fill, random};
use structures::{MADE_UP, structures};

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
        // Not a figure: quadratic work on five million bytes takes hours, a busy machine only minutes.
        assert!(
            start.elapsed() < Duration::from_secs(600),
            "{piece} takes {:?}",
            start.elapsed()
        );
    }
}
