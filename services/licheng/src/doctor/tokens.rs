//! Whose tokens are believed: public keys that can be read, and no private one beside them.

use std::path::Path;

use chassis::config::IdentityConfig;

use super::Patient;
use super::report::Report;

pub(super) fn look(patient: &Patient, report: &mut Report) {
    let identity = &patient.config.identity;
    if identity.issuers.is_empty() {
        let detail = "no issuer is configured: every call is refused";
        report.fail("tokens", detail, "name the school's sign-in in [identity.issuers.NAME]");
    }
    for (name, issuer) in &identity.issuers {
        let what = format!("tokens of {name}");
        let alone = IdentityConfig { issuers: [(name.clone(), issuer.clone())].into(), ..identity.clone() };
        if let Err(fault) = chassis::check_issuers(&alone) {
            let way_out = "put the issuer's public key there, as PEM; `licheng serve --data` makes its own";
            report.fail(what, fault, way_out);
        } else if let Some(private) = private_beside(&issuer.public_key).filter(|_| !patient.is_embedded()) {
            let detail = format!("{private} holds a private key: who reads it can sign in as anybody");
            report.warn(what, detail, "keep it with whoever signs tokens, and away from this host");
        } else {
            report.ok(what, format!("{} can be read", issuer.public_key.display()));
        }
    }
}

/// A file with a private key in the same folder.
fn private_beside(public: &Path) -> Option<String> {
    let folder = public.parent()?;
    let names = std::fs::read_dir(folder).ok()?.filter_map(Result::ok).map(|entry| entry.path());
    let mut named =
        names.filter(|path| path.extension().is_some_and(|ending| ending == "pem" || ending == "key"));
    let private =
        named.find(|path| std::fs::read_to_string(path).is_ok_and(|text| text.contains("PRIVATE KEY")));
    private.map(|path| path.display().to_string())
}
