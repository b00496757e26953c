use super::*;
use proptest::prelude::*;

#[test]
fn r12_a_code_of_23_characters_is_checked_and_another_is_the_schools_own() {
    for code in ["114990301H1110101010100", "1140000B0V31012A9BD0001", "114801M01H1110105010100"] {
        assert!(is_submittable(code), "{code}");
    }
    let wrong = [
        "",
        "MATH-1",
        "114990301H111010101010",
        "114990301H11101010101000",
        "000990301H1110101010100",
        "1A4990301H1110101010100",
        "114000000H1110101010100",
        "114990301h1110101010100",
        "114990301H111010G010100",
        "114990301H1110100010100",
        "114990301H1110101070100",
        "114990301H1110101 10100",
        "課程課程課程課程",
    ];
    for code in wrong {
        assert!(!is_submittable(code), "{code}");
    }
}

proptest! {
    #[test]
    fn any_text_is_judged(code in "\\PC*") {
        let _ = is_submittable(&code);
    }
}
