use crate::{Clause, Refusal};

/// A rule of the product, the clause it comes from, and the reason of the refusal by which it speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rule {
    /// The clause or requirement that it comes from.
    pub clause: Clause,
    /// What holds, in one short sentence of English.
    pub text: &'static str,
    /// The reason ([`Refusal::reason`]) of the refusal that says no in its name.
    pub refusal: &'static str,
}

impl Rule {
    /// Where a table of rules and every refusal that can occur differ, one line each: refusals without a row, rows
    /// without a refusal, rows that stand twice. Empty if they agree.
    pub fn differences(rules: &[Self], refusals: &[&dyn Refusal]) -> Vec<String> {
        let speaks = |rule: &Self, refusal: &dyn Refusal| {
            (rule.clause, rule.refusal) == (refusal.clause(), refusal.reason())
        };
        let without = refusals.iter().filter(|refusal| !rules.iter().any(|rule| speaks(rule, **refusal)));
        let without = without.map(|it| format!("no row: {} {}", it.clause(), it.reason()));
        let over = rules.iter().filter(|rule| !refusals.iter().any(|refusal| speaks(rule, *refusal)));
        let over = over.map(|it| format!("no refusal: {} {}", it.clause, it.refusal));
        let same = |a: &Self, b: &Self| (a.clause, a.refusal) == (b.clause, b.refusal);
        let twice =
            rules.iter().enumerate().filter(|(at, rule)| rules.iter().take(*at).any(|b| same(rule, b)));
        let twice = twice.map(|(_, it)| format!("twice: {} {}", it.clause, it.refusal));
        without.chain(over).chain(twice).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Kind, clause};

    #[derive(Debug)]
    struct No;

    impl Refusal for No {
        fn kind(&self) -> Kind {
            Kind::FailedPrecondition
        }
        fn reason(&self) -> &'static str {
            "NO"
        }
        fn clause(&self) -> Clause {
            const { clause("U4") }
        }
        fn english(&self) -> String {
            "no".to_owned()
        }
        fn chinese(&self) -> String {
            "否".to_owned()
        }
    }

    #[test]
    fn a_table_says_what_it_lacks_what_is_left_over_and_what_stands_twice() {
        let row = Rule { clause: const { clause("U4") }, text: "nothing is", refusal: "NO" };
        let other = Rule { clause: const { clause("U6") }, ..row };
        assert_eq!(Rule::differences(&[row], &[&No, &No]), Vec::<String>::new());
        assert_eq!(Rule::differences(&[], &[&No]), ["no row: U4 NO"]);
        assert_eq!(Rule::differences(&[row, other, row], &[&No]), ["no refusal: U6 NO", "twice: U4 NO"]);
    }
}
