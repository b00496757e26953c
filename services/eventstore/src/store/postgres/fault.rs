//! What PostgreSQL answers, as what the caller may do about it.

use crate::Fault;
use crate::store::rows;

/// Sorts an error by its SQLSTATE; without one, by whether the connection failed.
pub(super) fn fault(error: sqlx::Error) -> Fault {
    let code = error.as_database_error().and_then(|error| error.code()).map(|code| code.into_owned());
    match code.as_deref() {
        // Serialization failure, deadlock, a lock that wasn't had in time.
        Some("40001" | "40P01" | "55P03") => Fault::Contended,
        Some(code) if is_away(code) => unavailable(error),
        Some(_) => Fault::broken(error),
        None if rows::lost(&error) => unavailable(error),
        None => Fault::broken(error),
    }
}

/// Connection exceptions, no room or connections left, shut down or told to stop, disk failing, or a server that has
/// become a standby.
fn is_away(code: &str) -> bool {
    ["08", "53", "57", "58"].iter().any(|class| code.starts_with(class)) || code == "25006"
}

fn unavailable(error: sqlx::Error) -> Fault {
    Fault::Unavailable("the database", Some(Box::new(error)))
}
