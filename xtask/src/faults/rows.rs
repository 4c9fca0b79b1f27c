//! The rows of the fault matrix, and the tests that cover each.

/// A fault. Names of tests and figures refer to its id.
pub(crate) struct Row {
    pub(crate) id: &'static str,
    pub(crate) fault: &'static str,
    pub(crate) covered_by: &'static [Evidence],
}

/// What covers a fault, or why nothing does.
pub(crate) enum Evidence {
    /// Tests between real browsers: a file of `e2e/tests`, and the prefix of the names of its tests.
    Calls {
        file: &'static str,
        tests: &'static str,
    },
    /// The cases of the network benchmark with this row.
    Network,
    /// The reconnect benchmark of the server.
    Herd,
    /// A test without a browser: its file and its name.
    Native {
        file: &'static str,
        test: &'static str,
    },
    /// No test, for this reason.
    Nothing(&'static str),
}

use Evidence::{Calls, Herd, Native, Network, Nothing};

const fn row(id: &'static str, fault: &'static str, covered_by: &'static [Evidence]) -> Row {
    Row {
        id,
        fault,
        covered_by,
    }
}

const fn calls(file: &'static str, tests: &'static str) -> Evidence {
    Calls { file, tests }
}

const fn native(file: &'static str, test: &'static str) -> Evidence {
    Native { file, test }
}

const LINKS: &str = "crates/session/tests/rules/links.rs";
const RECONNECTING: &str = "crates/session/tests/rules/reconnecting.rs";
const REJOINING: &str = "crates/session/tests/rules/rejoining.rs";
const MONITORING: &str = "crates/session/tests/rules/monitoring.rs";
const SIMULATION: &str = "crates/session/tests/simulation.rs";
const LIMITS: &str = "crates/server/tests/server/limits.rs";

pub(crate) const ROWS: &[Row] = &[
    row(
        "F1",
        "the signaling socket drops",
        &[calls("return", "F1 "), calls("faulty-server", "F1 ")],
    ),
    row(
        "F2",
        "the signaling socket is half open",
        &[
            calls("return", "F2 "),
            calls("faulty-server", "F2 "),
            Network,
        ],
    ),
    row(
        "F3",
        "the server accepts the socket and sends nothing",
        &[
            calls("faulty-server", "F3 "),
            native(
                RECONNECTING,
                "silent_server_is_given_up_5_seconds_after_the_socket_opened",
            ),
        ],
    ),
    row(
        "F4",
        "the server restarts during a call",
        &[
            calls("return", "F4 "),
            calls("faulty-server", "F4 "),
            Network,
        ],
    ),
    row(
        "F5",
        "all clients reconnect to a restarted server",
        &[
            Herd,
            native(
                "crates/server/tests/server/restart.rs",
                "reseats_500_clients_soon_after_a_restart",
            ),
        ],
    ),
    row(
        "F6",
        "malformed and unknown messages",
        &[
            calls("faulty-server", "F6 "),
            native(
                "crates/session/tests/fuzz.rs",
                "decoders_and_session_survive_mutated_inputs",
            ),
        ],
    ),
    row(
        "F7",
        "a huge message",
        &[
            calls("faulty-server", "F7 "),
            native(LIMITS, "messages_over_64_kib_are_refused"),
        ],
    ),
    row(
        "F8",
        "late, duplicated and reordered messages",
        &[
            calls("faulty-server", "F8 "),
            native(SIMULATION, "rooms_end_up_fully_connected"),
        ],
    ),
    row("F9", "kicked", &[calls("faulty-server", "F9 ")]),
    row("F10", "the room is full", &[calls("faulty-server", "F10 ")]),
    row(
        "F11",
        "the token has expired",
        &[calls("faulty-server", "F11 ")],
    ),
    row(
        "F12",
        "a flood of messages",
        &[
            calls("faulty-server", "F12 "),
            native(
                LIMITS,
                "a_burst_of_candidates_passes_and_a_flood_is_refused",
            ),
        ],
    ),
    row("F20", "the network is down for seconds", &[Network]),
    row("F21", "the network is down for 30 seconds", &[Network]),
    row("F22", "the network interface changes", &[Network]),
    row("F23", "TURN credentials have expired", &[Network]),
    row(
        "F24",
        "offers cross",
        &[
            calls("faulty-server", "F24 "),
            native(SIMULATION, "rooms_end_up_fully_connected"),
        ],
    ),
    row(
        "F25",
        "a candidate arrives before its description",
        &[
            calls("faulty-server", "F25 "),
            native(
                LINKS,
                "early_candidates_wait_for_the_description_of_their_generation",
            ),
        ],
    ),
    row(
        "F26",
        "a candidate of an earlier offer",
        &[native(
            LINKS,
            "early_candidates_wait_for_the_description_of_their_generation",
        )],
    ),
    row(
        "F27",
        "the end of candidates is missing",
        &[native(LINKS, "end_of_candidates_names_its_generation")],
    ),
    row("F28", "a browser crashes", &[calls("page-life", "F28 ")]),
    row("F29", "a page is reloaded", &[calls("page-life", "F29 ")]),
    row("F30", "a page is closed", &[calls("page-life", "F30 ")]),
    row("F31", "packet loss and jitter", &[Network]),
    row(
        "F32",
        "a broken state without an event",
        &[
            native(
                MONITORING,
                "ice_restart_that_does_not_help_is_followed_by_another_and_by_a_new_link",
            ),
            native(
                REJOINING,
                "missing_events_lead_to_a_rejoin_with_the_whole_roster",
            ),
        ],
    ),
    row("F40", "permission denied", &[calls("devices", "F40 ")]),
    row(
        "F41",
        "the permission prompt stays unanswered",
        &[calls("devices", "F41 ")],
    ),
    row("F42", "a device is in use", &[calls("devices", "F42 ")]),
    row("F43", "there is no device", &[calls("devices", "F43 ")]),
    row(
        "F44",
        "constraints that no device meets",
        &[calls("devices", "F44 ")],
    ),
    row("F45", "a device is unplugged", &[calls("devices", "F45 ")]),
    row(
        "F46",
        "the system mutes a track",
        &[calls("devices", "F46 ")],
    ),
    row("F47", "autoplay is blocked", &[calls("autoplay", "F47 ")]),
    row("F48", "the page is hidden", &[calls("hidden", "F48 ")]),
    row(
        "F49",
        "the page was frozen, or the machine slept",
        &[calls("asleep", "F49 ")],
    ),
    row(
        "F50",
        "a call is started twice",
        &[calls("ending", "starts of the same call")],
    ),
    row(
        "F51",
        "a call is ended while it starts",
        &[
            calls("ending", "before the WebAssembly has loaded"),
            calls("ending", "at any moment of its start"),
            calls("ending", "while the browser still asks"),
        ],
    ),
    row(
        "F52",
        "fifty calls in a row",
        &[
            calls("soak", "written by hand"),
            calls("soak", "by the package"),
            calls("soak", "the package keeps no more"),
        ],
    ),
    row(
        "F53",
        "a panic",
        &[
            calls("broken", "F53 "),
            calls("broken", "while the browser still asks"),
            calls("broken", "before the server has let it in"),
            calls("broken", "in the app"),
        ],
    ),
    row(
        "F54",
        "a wrong encryption key",
        &[Nothing("end-to-end encryption does not exist yet")],
    ),
];

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::{Evidence, ROWS, Row};

    fn source(path: &str) -> String {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
        std::fs::read_to_string(root.join(path)).unwrap_or_default()
    }

    #[test]
    fn each_row_exists_once_and_in_order() {
        let numbers = (1..=12).chain(20..=32).chain(40..=54);
        let wanted: Vec<String> = numbers.map(|number| format!("F{number}")).collect();
        let present: Vec<&str> = ROWS.iter().map(|row| row.id).collect();
        assert_eq!(present, wanted);
        assert!(ROWS.iter().all(|row| !row.covered_by.is_empty()));
    }

    #[test]
    fn native_tests_of_rows_exist() {
        for row in ROWS {
            for evidence in row.covered_by {
                if let Evidence::Native { file, test } = evidence {
                    let function = format!("fn {test}()");
                    assert!(source(file).contains(&function), "{}: {file}", row.id);
                }
            }
        }
    }

    #[test]
    fn browser_tests_of_rows_exist() {
        for row in ROWS {
            for evidence in row.covered_by {
                if let Evidence::Calls { file, tests } = evidence {
                    let text = source(&format!("e2e/tests/{file}.test.mjs"));
                    assert!(has_test(&text, tests), "{}: {file}, {tests:?}", row.id);
                }
            }
        }
    }

    #[test]
    fn browser_tests_named_after_a_row_are_in_it() {
        let files = Path::new(env!("CARGO_MANIFEST_DIR")).join("../e2e/tests");
        for file in std::fs::read_dir(files).unwrap() {
            let path = file.unwrap().path();
            let text = std::fs::read_to_string(&path).unwrap();
            let name = path.file_name().unwrap().to_str().unwrap();
            for row in ROWS.iter().filter(|row| has_test(&text, &prefix(row))) {
                let belongs = row.covered_by.iter().any(|evidence| {
                    matches!(evidence, Evidence::Calls { file, tests }
                        if name == format!("{file}.test.mjs") && *tests == prefix(row))
                });
                assert!(belongs, "{}: {name}", row.id);
            }
        }
    }

    #[test]
    fn tests_are_found_by_the_prefix_of_their_names() {
        let text = "const ROWS = [['F1', 'by']]; const KINDS = { 'by hand': cut };\n  test(`F2 silent (${kind})`, f);\n  test(\n'F3', f);\n";
        assert!(has_test(text, "F2 ") && has_test(text, "F3"));
        assert!(!has_test(text, "silent") && !has_test(text, "F1 "));
        let table = format!("{text} test(`${{row}} ${{fault}}`, f);");
        assert!(has_test(&table, "F1 ") && !has_test(&table, "F4 "));
        let keys = format!("{text} test(fault, f); /cut/.test(fault)");
        assert!(has_test(&keys, "by hand") && !has_test(&keys, "by") && !has_test(&keys, "cut"));
    }

    /// The prefix of the names of a row's tests.
    fn prefix(row: &Row) -> String {
        format!("{} ", row.id)
    }

    /// Whether the file has a test whose name has this prefix. If the name starts with a variable, its
    /// value comes from a table in the file: as a key, or as the first entry of an array.
    fn has_test(text: &str, prefix: &str) -> bool {
        let tests = text.split("test(").skip(1).zip(text.split("test("));
        let mut names = tests
            .filter(|(_, before)| before.ends_with(char::is_whitespace))
            .map(|(name, _)| name.trim_start());
        let value = prefix.trim_end();
        let table = [format!("'{value}':"), format!("['{value}',")];
        names.any(|name| match name.strip_prefix(['\'', '"', '`']) {
            Some(name) if !name.starts_with("${") => name.starts_with(prefix),
            _ => table.iter().any(|entry| text.contains(entry)),
        })
    }
}
