use std::collections::HashMap;

use jsonwebtoken::{Algorithm, DecodingKey, Validation};
use kernel::{LedgerId, PersonId};

use crate::config::{ConfigFault, IdentityConfig};
use crate::token::{Claims, Ledgers};

/// Whose tokens are believed, by their `iss`.
pub(crate) struct Identity {
    issuers: HashMap<String, (DecodingKey, Validation)>,
}

/// Whether the keys of all issuers can be read, and are what the configuration says.
///
/// # Errors
/// [`ConfigFault`], naming the issuer.
pub fn check(config: &IdentityConfig) -> Result<(), ConfigFault> {
    Identity::new(config).map(drop)
}

/// Who a token says its bearer is.
#[derive(Clone, Debug)]
pub(crate) struct Bearer {
    /// The person.
    pub(crate) person: PersonId,
    /// The ledgers that the token is for.
    pub(crate) ledgers: Vec<LedgerId>,
}

impl Identity {
    /// Reads the issuers' keys.
    pub(crate) fn new(config: &IdentityConfig) -> Result<Self, ConfigFault> {
        let mut issuers = HashMap::new();
        for (name, issuer) in &config.issuers {
            let wrong = |problem: String| ConfigFault::new(format!("identity.issuers.{name}: {problem}"));
            let pem = std::fs::read(&issuer.public_key)
                .map_err(|error| wrong(format!("{}: {error}", issuer.public_key.display())))?;
            let (algorithm, key) = match issuer.algorithm.as_str() {
                "EdDSA" => (Algorithm::EdDSA, DecodingKey::from_ed_pem(&pem)),
                "RS256" => (Algorithm::RS256, DecodingKey::from_rsa_pem(&pem)),
                other => return Err(wrong(format!("algorithm {other} is neither EdDSA nor RS256"))),
            };
            let key = key.map_err(|error| wrong(format!("public_key is no PEM of that kind: {error}")))?;
            let mut validation = Validation::new(algorithm);
            validation.leeway = config.leeway_seconds;
            validation.validate_nbf = true;
            validation.set_audience(&[&config.audience]);
            validation.set_issuer(&[&issuer.issuer]);
            validation.set_required_spec_claims(&["exp", "aud", "iss", "sub"]);
            issuers.insert(issuer.issuer.clone(), (key, validation));
        }
        Ok(Self { issuers })
    }

    /// Who a token says its bearer is, if it is believed; else what is wrong with it.
    #[expect(clippy::wildcard_enum_match_arm, reason = "the library's kinds of error are open-ended")]
    pub(crate) fn bearer(&self, token: &str) -> Result<Bearer, &'static str> {
        use jsonwebtoken::errors::ErrorKind;
        // The issuer is read before the signature only to know whose key to check by.
        let claimed = jsonwebtoken::dangerous::insecure_decode_claims::<OnlyIssuer>(token)
            .map_err(|_| "the token is no JSON Web Token")?;
        let (key, validation) =
            self.issuers.get(&claimed.iss).ok_or("the token's issuer is not known here")?;
        let token =
            jsonwebtoken::decode::<Claims>(token, key, validation).map_err(|error| match error.kind() {
                ErrorKind::ExpiredSignature => "the token has expired",
                ErrorKind::ImmatureSignature => "the token is not good yet",
                ErrorKind::InvalidAudience => "the token is for another audience",
                ErrorKind::InvalidAlgorithm => "the token's algorithm is not the issuer's",
                _ => "the token is not valid",
            })?;
        let ledgers = match token.claims.ledger {
            Ledgers::One(ledger) => vec![ledger],
            Ledgers::Several(ledgers) => ledgers,
        };
        Ok(Bearer { person: token.claims.sub, ledgers })
    }
}

#[derive(serde::Deserialize)]
struct OnlyIssuer {
    iss: String,
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use base64::Engine as _;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;
    use jsonwebtoken::{EncodingKey, Header};
    use uuid::Uuid;

    use super::*;
    use crate::config::IssuerConfig;
    use crate::token::{Issuer, LOCAL_ISSUER};

    fn ours() -> (tempfile::TempDir, Issuer, Identity) {
        let folder = tempfile::tempdir().unwrap();
        let issuer = Issuer::local(folder.path(), "licheng").unwrap();
        let known = IssuerConfig {
            issuer: LOCAL_ISSUER.to_owned(),
            algorithm: "EdDSA".to_owned(),
            public_key: folder.path().join("token.pub.pem"),
        };
        let config =
            IdentityConfig { issuers: [("local".to_owned(), known)].into(), ..IdentityConfig::default() };
        let identity = Identity::new(&config).unwrap();
        (folder, issuer, identity)
    }

    fn claims(issuer: &Issuer) -> serde_json::Value {
        let token = issuer.token(Uuid::nil().into(), Uuid::max().into(), Duration::from_secs(60)).unwrap();
        let body = URL_SAFE_NO_PAD.decode(token.split('.').nth(1).unwrap()).unwrap();
        serde_json::from_slice(&body).unwrap()
    }

    #[test]
    fn a_good_token_says_who_its_bearer_is() {
        let (_folder, issuer, identity) = ours();
        let bearer = identity.bearer(&issuer.sign(&claims(&issuer)).unwrap()).unwrap();
        assert_eq!((bearer.person, bearer.ledgers), (Uuid::max().into(), vec![Uuid::nil().into()]));
    }

    #[test]
    fn tokens_that_are_not_good_are_refused() {
        let (folder, issuer, identity) = ours();
        let with = |name: &str, value: serde_json::Value| {
            let mut claims = claims(&issuer);
            claims[name] = value;
            issuer.sign(&claims).unwrap()
        };
        let good = issuer.sign(&claims(&issuer)).unwrap();
        let [head, body, _] = good.split('.').collect::<Vec<_>>()[..] else { panic!() };
        let none = format!("{}.{body}.", URL_SAFE_NO_PAD.encode(r#"{"alg":"none","typ":"JWT"}"#));
        let public = std::fs::read(folder.path().join("token.pub.pem")).unwrap();
        let hs256 =
            jsonwebtoken::encode(&Header::default(), &claims(&issuer), &EncodingKey::from_secret(&public));
        let elsewhere = tempfile::tempdir().unwrap();
        let other = Issuer::local(elsewhere.path(), "licheng").unwrap();
        for (what, token) in [
            ("expired", with("exp", 1.into())),
            ("not yet good", with("nbf", 99_999_999_999_u64.into())),
            ("another audience", with("aud", "elsewhere".into())),
            ("another issuer", with("iss", "somebody".into())),
            ("no person", with("sub", "somebody".into())),
            ("no ledger", with("ledger", serde_json::Value::Null)),
            ("no algorithm", none),
            ("HS256 with the public key", hs256.unwrap()),
            ("no signature", format!("{head}.{body}.")),
            ("another key", other.sign(&claims(&issuer)).unwrap()),
            ("no token", "abc".to_owned()),
        ] {
            assert!(identity.bearer(&token).is_err(), "{what}");
        }
    }
}
