//! `cargo xtask docs --sample`: names and sentences for a reader who has not seen the code.

use project::Project;
use sha2::{Digest as _, Sha256};

use super::{items, prose};

const COUNT: usize = 20;

/// Prints the items, then the sentences.
pub(super) fn run(project: &Project, seed: u64, comments: bool) -> anyhow::Result<()> {
    println!("items");
    for (number, item) in (1..).zip(draw(items::all(project)?, seed, |item| &item.path)) {
        println!("{number:>3}. {}\n     {}", item.path, item.signature);
        if comments {
            for line in item.comment.lines() {
                println!("     /// {line}");
            }
        }
    }
    println!("\nsentences");
    for (number, sentence) in (1..).zip(draw(prose::all(project)?, seed, |sentence| &sentence.text)) {
        println!("{number:>3}. {}\n     of: {}\n     ({})", sentence.text, sentence.context, sentence.place);
    }
    Ok(())
}

/// Takes the entries with the smallest hashes: a change elsewhere in the repository leaves most of a sample unchanged.
fn draw<T>(mut all: Vec<T>, seed: u64, name: impl Fn(&T) -> &String) -> Vec<T> {
    all.sort_by_cached_key(|one| {
        let mut hash = Sha256::new();
        hash.update(seed.to_be_bytes());
        hash.update(name(one));
        hash.finalize()
    });
    all.truncate(COUNT);
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_draws_the_same_and_another_one_draws_others() {
        let all = |more: u32| (0..200 + more).map(|number| number.to_string()).collect::<Vec<_>>();
        let drawn = |seed, more| draw(all(more), seed, |name| name);
        assert_eq!(drawn(7, 0), drawn(7, 0));
        assert_ne!(drawn(7, 0), drawn(8, 0));
        let kept = drawn(7, 5).iter().filter(|name| drawn(7, 0).contains(name)).count();
        assert!(kept >= COUNT - 5, "five more names replace five at most: {kept}");
    }

    #[test]
    fn the_repository_has_enough_of_both() {
        let project = Project::here();
        let items = items::all(&project).expect("code");
        assert!(items.len() > 500, "{}", items.len());
        let find = |path: &str| items.iter().find(|item| item.path == path);
        let item = find("orders_worker::store::Store").expect("a public item of the worker");
        assert!(item.signature.starts_with("trait Store"), "{}", item.signature);
        let sentences = prose::all(&project).expect("documents");
        assert!(sentences.len() > 2000, "{}", sentences.len());
    }
}
