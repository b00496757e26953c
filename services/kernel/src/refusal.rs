use crate::Clause;

/// How a refusal is answered; closed on purpose.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// The state of things forbids it now (gRPC FAILED_PRECONDITION).
    FailedPrecondition,
    /// What it names is not there (gRPC NOT_FOUND).
    NotFound,
    /// What it would make is there already (gRPC ALREADY_EXISTS).
    AlreadyExists,
    /// The caller may not (gRPC PERMISSION_DENIED).
    PermissionDenied,
}

/// A rule said no. One enum for each decider; a variant is one reason.
pub trait Refusal: std::fmt::Debug + Send + Sync + 'static {
    /// How it is answered.
    fn kind(&self) -> Kind;
    /// The reason, `[A-Z0-9_]+`, at most 63 characters, unique in the product.
    fn reason(&self) -> &'static str;
    /// The clause or requirement that it rests on.
    fn clause(&self) -> Clause;
    /// What happened and the way out, in English. It holds no personal data.
    fn english(&self) -> String;
    /// The same in Chinese as written in Taiwan.
    fn chinese(&self) -> String;
    /// Numbers and names that a program may want, such as `cap = 6`; never personal data.
    fn metadata(&self) -> Vec<(&'static str, String)> {
        Vec::new()
    }
}

/// One field that can't be understood, and what is wrong with it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// The field's name in the request, with dots and indices: `rows[3].title`.
    pub field: String,
    /// What is wrong and what would be right. It does not repeat the value.
    pub problem: String,
}

/// A request that can't be understood: all its problems at once (gRPC INVALID_ARGUMENT).
#[derive(Clone, Debug, Default, PartialEq, Eq, thiserror::Error)]
#[error("{}", self.0.iter().map(|p| format!("{}: {}", p.field, p.problem)).collect::<Vec<_>>().join("; "))]
pub struct Malformed(pub Vec<Problem>);

impl Malformed {
    /// A request with one problem.
    pub fn one(field: impl Into<String>, problem: impl Into<String>) -> Self {
        Self(vec![Problem { field: field.into(), problem: problem.into() }])
    }

    /// Notes the problem of a field and goes on: `None` where there was one.
    pub fn note<T, E: std::fmt::Display>(&mut self, field: &str, value: Result<T, E>) -> Option<T> {
        value
            .map_err(|error| self.0.push(Problem { field: field.to_owned(), problem: error.to_string() }))
            .ok()
    }

    /// What was read, if nothing was wrong; else every problem.
    ///
    /// # Errors
    /// All the problems noted so far.
    pub fn finish<T>(self, value: Option<T>) -> Result<T, Self> {
        match value {
            Some(value) if self.0.is_empty() => Ok(value),
            Some(_) | None => Err(self),
        }
    }
}
