//! Who is asked, and where: `anthropic:NAME`, `openai:NAME@http://127.0.0.1:8080/v1`.

use reqwest::Url;
use thiserror::Error;

use super::key::Key;

/// Which vendor's requests a server understands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Dialect {
    /// The Anthropic Messages API and its batches.
    Anthropic,
    /// OpenAI chat completions and batches, as many servers speak them.
    OpenAi,
}

impl Dialect {
    /// The word before the colon of a spec.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Anthropic => "anthropic",
            Self::OpenAi => "openai",
        }
    }

    /// The environment variable that holds the key.
    #[must_use]
    pub fn key_variable(self) -> &'static str {
        match self {
            Self::Anthropic => "ANTHROPIC_API_KEY",
            Self::OpenAi => "OPENAI_API_KEY",
        }
    }

    /// The environment variable that holds the address, where a spec names none.
    #[must_use]
    pub fn base_variable(self) -> &'static str {
        match self {
            Self::Anthropic => "ANTHROPIC_BASE_URL",
            Self::OpenAi => "OPENAI_BASE_URL",
        }
    }

    fn vendor_base(self) -> &'static str {
        match self {
            Self::Anthropic => "https://api.anthropic.com",
            Self::OpenAi => "https://api.openai.com/v1",
        }
    }
}

/// One model at one address.
#[derive(Debug, Clone)]
pub struct Endpoint {
    /// What the server understands.
    pub dialect: Dialect,
    /// The model's name, as the server knows it.
    pub model: String,
    /// The address without a slash at its end; paths of the dialect are appended.
    pub base: String,
    /// The address is the vendor's own.
    pub is_vendor: bool,
    /// The key; servers of one's own often need none.
    pub key: Option<Key>,
}

/// Why a spec names nobody who can be asked.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum EndpointError {
    /// The spec does not begin with a dialect.
    #[error(
        "`{spec}` names no provider; hint: write `anthropic:NAME` or `openai:NAME@http://HOST:PORT/v1`"
    )]
    UnknownDialect {
        /// What was given.
        spec: String,
    },
    /// There is no name of a model.
    #[error("`{spec}` names no model; hint: write `{dialect}:NAME`")]
    NoModel {
        /// What was given.
        spec: String,
        /// The word before the colon.
        dialect: &'static str,
    },
    /// The address cannot be used.
    #[error("the address of {origin} cannot be used: {cause}; hint: {hint}")]
    Address {
        /// Where the address stands: a spec or a variable.
        origin: String,
        /// What is wrong with it.
        cause: String,
        /// What to do.
        hint: String,
    },
    /// The vendor asks for a key.
    #[error(
        "{variable} is not set, and {host} answers nobody without a key; hint: set it, or name a server of your own after an @"
    )]
    NoKey {
        /// The variable that should hold it.
        variable: &'static str,
        /// Who asks for it.
        host: String,
    },
    /// The key has characters that cannot be sent.
    #[error(
        "the key in {variable} cannot be sent in a header; hint: look for line breaks inside it"
    )]
    UnusableKey {
        /// The variable that holds it.
        variable: &'static str,
    },
    /// A response points somewhere else.
    #[error(
        "the server at {base} points to `{target}`, another server; the key is not sent there; hint: ask the address given first"
    )]
    OtherOrigin {
        /// The address that was given.
        base: String,
        /// Where the response points, without query.
        target: String,
    },
}

impl Endpoint {
    /// Reads `anthropic:NAME[@BASE]` or `openai:NAME[@BASE]`; the environment gives the key, and the address where the spec
    /// has none.
    ///
    /// Names may hold `:`, `/` and `@`: an address begins after the last `@` that `http://` or `https://` follows.
    ///
    /// # Errors
    /// Where provider or model is missing, the address cannot be used, or the vendor's own address has no key.
    pub fn parse(
        provider_and_model: &str,
        environment: &dyn Fn(&str) -> Option<String>,
    ) -> Result<Self, EndpointError> {
        let spec = provider_and_model.trim();
        let (dialect, rest) = [Dialect::Anthropic, Dialect::OpenAi]
            .into_iter()
            .find_map(|dialect| {
                let rest = spec.strip_prefix(dialect.word())?.strip_prefix(':')?;
                Some((dialect, rest))
            })
            .ok_or_else(|| EndpointError::UnknownDialect { spec: named(spec) })?;
        let set = |variable| {
            environment(variable)
                .map(|value| value.trim().to_owned())
                .filter(|value| !value.is_empty())
        };
        let (model, address) = split_address(rest);
        if model.trim().is_empty() {
            return Err(EndpointError::NoModel {
                spec: named(spec),
                dialect: dialect.word(),
            });
        }
        let (origin, address) = match address {
            Some(address) => (format!("`{}:{model}`", dialect.word()), address.to_owned()),
            None => match set(dialect.base_variable()) {
                Some(address) => (dialect.base_variable().to_owned(), address),
                None => (dialect.word().to_owned(), dialect.vendor_base().to_owned()),
            },
        };
        let base = checked_address(&origin, &address)?;
        let vendor = Url::parse(dialect.vendor_base()).expect("the vendors' addresses are URLs");
        let is_vendor = base.host_str() == vendor.host_str();
        let key_variable = dialect.key_variable();
        let key = match set(key_variable) {
            Some(text) => Some(Key::new(&text).ok_or(EndpointError::UnusableKey {
                variable: key_variable,
            })?),
            None if is_vendor => {
                return Err(EndpointError::NoKey {
                    variable: key_variable,
                    host: base.host_str().unwrap_or_default().to_owned(),
                });
            }
            None => None,
        };
        Ok(Self {
            dialect,
            model: model.trim().to_owned(),
            base: base.as_str().trim_end_matches('/').to_owned(),
            is_vendor,
            key,
        })
    }

    /// Where one request goes.
    #[must_use]
    pub fn url(&self) -> String {
        match self.dialect {
            Dialect::Anthropic => format!("{}/messages", self.versioned()),
            Dialect::OpenAi => format!("{}/chat/completions", self.base),
        }
    }

    /// Where batches are made and listed; one batch is at this address, a slash and its id.
    #[must_use]
    pub fn batches_url(&self) -> String {
        match self.dialect {
            Dialect::Anthropic => format!("{}/messages/batches", self.versioned()),
            Dialect::OpenAi => format!("{}/batches", self.base),
        }
    }

    /// Where files are uploaded; content of one is at this address, a slash, its id and `/content`.
    #[must_use]
    pub fn files_url(&self) -> String {
        match self.dialect {
            Dialect::Anthropic => format!("{}/files", self.versioned()),
            Dialect::OpenAi => format!("{}/files", self.base),
        }
    }

    /// The path that a server sees for [`Endpoint::url`] in a line of a batch file.
    #[must_use]
    pub fn batch_line_path(&self) -> &'static str {
        match self.dialect {
            Dialect::Anthropic => "/v1/messages",
            Dialect::OpenAi => "/v1/chat/completions",
        }
    }

    /// The address that a response points to, which may be relative to the server's root.
    ///
    /// # Errors
    /// [`EndpointError::OtherOrigin`] where it is on another server (scheme, host or port): the key never goes there. A
    /// gateway that hands on its vendor's absolute `results_url` is such a case; `batches_url()/ID/results` asks the gateway.
    pub fn resolve(&self, relative_or_absolute: &str) -> Result<String, EndpointError> {
        let refused = |target: &str| EndpointError::OtherOrigin {
            base: self.base.clone(),
            target: named(target.split(['?', '#']).next().unwrap_or_default()),
        };
        let base = Url::parse(&self.base).map_err(|_| refused(relative_or_absolute))?;
        let url = base
            .join("/")
            .and_then(|root| root.join(relative_or_absolute))
            .map_err(|_| refused(relative_or_absolute))?;
        let has_user = !url.username().is_empty() || url.password().is_some();
        if url.origin() == base.origin() && !has_user {
            Ok(url.into())
        } else {
            Err(refused(url.host_str().unwrap_or(relative_or_absolute)))
        }
    }

    /// Whether anyone on the way can read the key: plain HTTP to another machine.
    #[must_use]
    pub fn sends_key_in_clear(&self) -> bool {
        let Ok(url) = Url::parse(&self.base) else {
            return false;
        };
        let host = url.host_str().unwrap_or_default();
        let bare = host.trim_start_matches('[').trim_end_matches(']');
        let is_loopback = bare == "localhost"
            || bare.ends_with(".localhost")
            || bare
                .parse::<std::net::IpAddr>()
                .is_ok_and(|address| address.is_loopback());
        self.key.is_some() && url.scheme() == "http" && !is_loopback
    }

    /// A text without this endpoint's key.
    #[must_use]
    pub fn without_key(&self, text: &str) -> String {
        match &self.key {
            Some(key) => key.removed_from(text),
            None => text.to_owned(),
        }
    }

    /// The base with Anthropic's `/v1`, which some people write and some do not.
    fn versioned(&self) -> String {
        if self.base.ends_with("/v1") {
            self.base.clone()
        } else {
            format!("{}/v1", self.base)
        }
    }
}

/// The model's name, and the address behind the last `@` that begins one.
fn split_address(rest: &str) -> (&str, Option<&str>) {
    let begins_address = |at: &usize| {
        let after = &rest[at + 1..];
        let has = |scheme: &str| {
            after
                .get(..scheme.len())
                .is_some_and(|start| start.eq_ignore_ascii_case(scheme))
        };
        has("http://") || has("https://")
    };
    match rest
        .match_indices('@')
        .map(|(at, _)| at)
        .rfind(begins_address)
    {
        Some(at) => (&rest[..at], Some(&rest[at + 1..])),
        None => (rest, None),
    }
}

fn checked_address(origin: &str, address: &str) -> Result<Url, EndpointError> {
    let refused = |cause: String, hint: &str| EndpointError::Address {
        origin: origin.to_owned(),
        cause,
        hint: hint.to_owned(),
    };
    // The address itself is not repeated: it may hold a password.
    let url = Url::parse(address)
        .map_err(|cause| refused(cause.to_string(), "write `https://HOST/PATH`"))?;
    if !matches!(url.scheme(), "http" | "https") {
        return Err(refused(
            format!("`{}` is not http or https", named(url.scheme())),
            "write `https://HOST/PATH`",
        ));
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(refused(
            "it holds a user or a password".to_owned(),
            "put the key into its environment variable",
        ));
    }
    if url.query().is_some() || url.fragment().is_some() {
        return Err(refused(
            "it has a part after `?` or `#`".to_owned(),
            "give the address up to the path alone",
        ));
    }
    Ok(url)
}

/// What was given, for a message: without the user and password of an address, and short.
fn named(text: &str) -> String {
    let without_secret = match (text.find("://"), text.rfind('@')) {
        (Some(scheme), Some(at)) if scheme < at => {
            format!("{}…{}", &text[..scheme + 3], &text[at..])
        }
        _ => text.to_owned(),
    };
    without_secret
        .chars()
        .filter(|letter| !letter.is_control())
        .take(120)
        .collect()
}
