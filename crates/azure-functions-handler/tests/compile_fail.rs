//! What the compiler says of a handler that is none: the message names the argument, the answer, or what is missing.

#[test]
fn a_wrong_handler_gives_a_message_that_names_the_mistake() {
    trybuild::TestCases::new().compile_fail("tests/compile_fail/*.rs");
}
