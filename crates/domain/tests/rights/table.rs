//! Reads the table.

/// The table as it was reviewed.
pub(crate) struct Table {
    /// The words of the cells, of which the legend says what they mean.
    pub(crate) legend: Vec<&'static str>,
    pub(crate) sections: Vec<Section>,
}

/// The rows that are asked in one state of some places.
pub(crate) struct Section {
    /// Where: all of them alike.
    pub(crate) places: Vec<&'static str>,
    /// In what state they are.
    pub(crate) state: &'static str,
    /// What the rows name.
    pub(crate) question: &'static str,
    /// Who asks.
    pub(crate) columns: Vec<&'static str>,
    /// What is asked, and the answers to who asks.
    pub(crate) rows: Vec<(&'static str, Vec<&'static str>)>,
}

impl Table {
    /// Reads the file.
    pub(crate) fn read() -> Self {
        let mut table = Self { legend: Vec::new(), sections: Vec::new() };
        for line in include_str!("table.txt").lines().filter(|line| !line.is_empty()) {
            table.take(line);
        }
        table
    }

    fn take(&mut self, line: &'static str) {
        if let Some(comment) = line.strip_prefix('#') {
            // The legend: two spaces, the word, two spaces or more, and its meaning.
            let entry = comment.strip_prefix("  ").and_then(|entry| entry.split_once("  "));
            self.legend.extend(entry.map(|(word, _)| word));
        } else if let Some(header) = line.strip_prefix('[') {
            self.sections.push(Section::headed(header));
        } else {
            self.sections.last_mut().expect("a section begins with its places").add(line);
        }
    }
}

impl Section {
    /// The section of `public, closed] state: question`, without its rows.
    fn headed(header: &'static str) -> Self {
        let (places, rest) = header.split_once("] ").expect("places end with a bracket");
        let (state, question) = rest.split_once(": ").expect("a state is followed by the question");
        let places = places.split(", ").collect();
        Self { places, state, question, columns: Vec::new(), rows: Vec::new() }
    }

    fn add(&mut self, line: &'static str) {
        let mut words = line.split_whitespace();
        let first = words.next().expect("a line is not blank");
        let rest: Vec<_> = words.collect();
        if first == "|" {
            self.columns = rest;
        } else {
            assert_eq!(rest.len(), self.columns.len(), "a cell for each column: {line}");
            self.rows.push((first, rest));
        }
    }
}
