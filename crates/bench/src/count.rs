//! Reading numbers of the command line.

/// Reads a number from 1 to `most`.
pub(crate) fn parse_count(text: &str, most: usize) -> Result<usize, String> {
    let count = text.parse().ok().filter(|count| (1..=most).contains(count));
    count.ok_or_else(|| format!("must be a number from 1 to {most}"))
}
