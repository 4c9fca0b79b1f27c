use std::ops::Range;
use std::time::Duration;

/// The start of the name of a room with faults.
const PREFIX: &str = "fault-";

/// The faults of a room, parsed from its name.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Plan {
    faults: Vec<Fault>,
}

/// A mode, and which of the room's connections it applies to.
#[derive(Clone, Debug, PartialEq)]
struct Fault {
    mode: Mode,
    connections: Range<usize>,
}

/// A kind of fault. Times start when the client has joined.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Mode {
    /// Answers the upgrade with this status.
    Refuse(u16),
    /// Answers the upgrade with 503 and `Retry-After`, in seconds.
    RetryAfter(u32),
    NoFirstMessage,
    NoPong,
    /// Answers the client's first message with a close.
    CloseBeforeJoin(u16),
    CloseAfter(Duration, u16),
    DropAfter(Duration),
    DropOnClose,
    HalfOpenAfter(Duration),
    /// Writes at this rate, in bytes per second.
    Slow(u32),
    KickFirst,
    KickAfter(Duration),
    RoomFull,
    TokenExpired,
    Forbidden,
    GarbageJson,
    BinaryGarbage,
    UnknownType,
    /// Sends one message of this many bytes.
    Huge(usize),
    DupAll,
    DropNth(usize),
    /// Reverses this many messages. Fewer are released after `time`.
    Reorder {
        count: usize,
        time: Duration,
    },
    AnswerTwice,
    CandidateFirst,
    /// Holds an offer for this long until another client offers too.
    Glare(Duration),
    Flood {
        per_second: u32,
        time: Duration,
    },
    Restart(Restart),
}

/// Stops the room's server and starts another.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Restart {
    /// Whether the server closes its sockets with a code, as in a deployment.
    pub(crate) graceful: bool,
    /// The time between the last of `connections` and the stop.
    pub(crate) after: Duration,
    /// The time without a server.
    pub(crate) down: Duration,
    /// How many connections the room must have had before.
    pub(crate) connections: usize,
}

/// The text of a mode that does not exist, or whose numbers are wrong.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct UnknownMode(pub(crate) String);

impl Plan {
    /// Parses a room name: `fault-`, the modes separated by `.`, then `-` and any text that makes
    /// the name unique.
    pub(crate) fn parse(name: &str) -> Result<Self, UnknownMode> {
        let name = name.strip_prefix(PREFIX).unwrap_or(name);
        let modes = name.split('-').next().unwrap_or_default();
        let mut faults = Vec::new();
        for mode in modes.split('.').filter(|mode| *mode != "happy") {
            let unknown = || UnknownMode(mode.to_owned());
            faults.extend(parse_mode(mode).ok_or_else(unknown)?);
        }
        Ok(Self { faults })
    }

    /// The modes for a connection of the room, counted from 0.
    pub(crate) fn modes(&self, connection: usize) -> impl Iterator<Item = &Mode> {
        let faults = self.faults.iter();
        let applied = faults.filter(move |fault| fault.connections.contains(&connection));
        applied.map(|fault| &fault.mode)
    }

    pub(crate) fn restart(&self) -> Option<Restart> {
        self.faults.iter().find_map(|fault| match fault.mode {
            Mode::Restart(restart) => Some(restart),
            _ => None,
        })
    }
}

/// Finds the name of a room with faults in a request target or a message; without the prefix.
pub(crate) fn find_room(text: &str) -> Option<&str> {
    let (_, found) = text.split_once(PREFIX)?;
    let is_allowed = |c: char| c.is_ascii_alphanumeric() || "-_.~=".contains(c);
    let end = found.find(|c| !is_allowed(c)).unwrap_or(found.len());
    Some(&found[..end])
}

/// The parts of a mode `name~1~2~x3`; `=` may stand for `~`.
struct ModeParts<'a> {
    name: &'a str,
    numbers: Vec<u64>,
    connections: Option<Range<usize>>,
    /// How many of the numbers have been read.
    used: usize,
}

impl<'a> ModeParts<'a> {
    fn parse(mode: &'a str) -> Option<Self> {
        let mut parts = mode.split(['~', '=']);
        let name = parts.next().unwrap_or_default();
        let (mut numbers, mut connections) = (Vec::new(), None);
        for part in parts {
            match part.strip_prefix('x') {
                Some("all") => connections = Some(ALL),
                Some(count) => connections = Some(0..count.parse().ok()?),
                None => numbers.push(part.parse().ok()?),
            }
        }
        Some(Self {
            name,
            numbers,
            connections,
            used: 0,
        })
    }

    /// The next number, or the default.
    fn number<T: TryFrom<u64>>(&mut self, default: T) -> Option<T> {
        let given = self.numbers.get(self.used);
        self.used += 1;
        given.map_or(Some(default), |given| T::try_from(*given).ok())
    }

    /// The next number, or the default, within [`is_count`].
    fn count<T: TryFrom<u64>>(&mut self, default: u64) -> Option<T> {
        let number = self.number(default)?;
        T::try_from(number).ok().filter(|_| is_count(number))
    }

    fn millis(&mut self, default: u64) -> Option<Duration> {
        self.number(default).map(Duration::from_millis)
    }

    fn all_used(&self) -> bool {
        self.used >= self.numbers.len()
    }
}

/// The default for modes that would make recovery impossible on every connection.
const FIRST: Range<usize> = 0..1;
const ALL: Range<usize> = 0..usize::MAX;
const ALL_BUT_FIRST: Range<usize> = 1..usize::MAX;

/// Whether a number is at least 1 and no more than any test needs.
fn is_count(number: u64) -> bool {
    (1..=16 << 20).contains(&number)
}

fn parse_mode(text: &str) -> Option<Vec<Fault>> {
    let mut parts = ModeParts::parse(text)?;
    let (mode, connections) = match parts.name {
        "refuse" => (Mode::Refuse(parts.number(503)?), FIRST),
        "retry_after" => (Mode::RetryAfter(parts.number(1)?), FIRST),
        "no_first_message" => (Mode::NoFirstMessage, FIRST),
        "no_pong" => (Mode::NoPong, FIRST),
        "close_before_join" => (Mode::CloseBeforeJoin(parts.number(1011)?), FIRST),
        "close_when_connected" => {
            let after = parts.millis(200)?;
            (Mode::CloseAfter(after, parts.number(1011)?), FIRST)
        }
        "drop_when_connected" => (Mode::DropAfter(parts.millis(200)?), FIRST),
        "drop_on_close" => (Mode::DropOnClose, ALL),
        "half_open" => (Mode::HalfOpenAfter(parts.millis(200)?), FIRST),
        "kick_first" => (Mode::KickFirst, ALL),
        "kick_after" => (Mode::KickAfter(parts.millis(200)?), ALL),
        "kick_on_return" => return kick_on_return(parts),
        "room_full" => (Mode::RoomFull, ALL),
        "token_expired" => (Mode::TokenExpired, ALL),
        "forbidden" => (Mode::Forbidden, ALL),
        "garbage_json" => (Mode::GarbageJson, ALL),
        "binary_garbage" => (Mode::BinaryGarbage, ALL),
        "unknown_type" => (Mode::UnknownType, ALL),
        "huge" => (Mode::Huge(parts.count(1 << 20)?), ALL),
        "dup_all" => (Mode::DupAll, ALL),
        "drop_nth" => (Mode::DropNth(parts.count(3)?), FIRST),
        "reorder" => (parse_reorder(parts.count(5)?, &mut parts)?, FIRST),
        "answer_twice" => (Mode::AnswerTwice, ALL),
        "candidate_first" => (Mode::CandidateFirst, ALL),
        "glare" => (Mode::Glare(parts.millis(1000)?), ALL),
        "slow" => (Mode::Slow(parts.count(1)?), FIRST),
        "flood" => {
            let per_second = parts.count(1000)?;
            let time = parts.millis(2000)?;
            (Mode::Flood { per_second, time }, ALL)
        }
        "restart" => (Mode::Restart(parse_restart(&mut parts, false)?), ALL),
        "deploy" => (Mode::Restart(parse_restart(&mut parts, true)?), ALL),
        name => (parse_number_in_name(name, &mut parts)?, FIRST),
    };
    let connections = parts.connections.take().unwrap_or(match mode {
        Mode::Flood { .. } | Mode::Huge(_) => ALL,
        _ => connections,
    });
    parts.all_used().then(|| vec![Fault { mode, connections }])
}

/// Parses the modes with a number in their name: `close_4001`, `huge_1MiB`, `reorder_window_5`.
fn parse_number_in_name(name: &str, parts: &mut ModeParts<'_>) -> Option<Mode> {
    let between = |start: &str, end: &str| {
        let number = name.strip_prefix(start)?.strip_suffix(end)?;
        let number = number.parse::<u32>().ok();
        number.filter(|number| is_count((*number).into()))
    };
    if let Some(code) = between("close_", "") {
        let code = u16::try_from(code).ok()?;
        let is_code = (1000..5000).contains(&code);
        return is_code.then_some(Mode::CloseAfter(parts.millis(200)?, code));
    }
    if let Some(rate) = between("slow_", "Bps") {
        return Some(Mode::Slow(rate));
    }
    if let Some(mebibytes) = between("huge_", "MiB") {
        let bytes = usize::try_from(mebibytes).ok()?.checked_mul(1 << 20)?;
        return is_count(u64::try_from(bytes).ok()?).then_some(Mode::Huge(bytes));
    }
    if let Some(window) = between("reorder_window_", "") {
        return parse_reorder(usize::try_from(window).ok()?, parts);
    }
    let per_second = between("flood_", "ps")?;
    let time = parts.millis(2000)?;
    Some(Mode::Flood { per_second, time })
}

fn parse_reorder(count: usize, parts: &mut ModeParts<'_>) -> Option<Mode> {
    let time = parts.millis(100)?;
    Some(Mode::Reorder { count, time })
}

fn parse_restart(parts: &mut ModeParts<'_>, graceful: bool) -> Option<Restart> {
    Some(Restart {
        graceful,
        after: parts.millis(2000)?,
        down: parts.millis(500)?,
        connections: parts.number(2)?,
    })
}

/// Resets the first connection and kicks each later one.
fn kick_on_return(mut parts: ModeParts<'_>) -> Option<Vec<Fault>> {
    let drop = Fault {
        mode: Mode::DropAfter(parts.millis(200)?),
        connections: FIRST,
    };
    let kick = Fault {
        mode: Mode::KickFirst,
        connections: ALL_BUT_FIRST,
    };
    parts.all_used().then(|| vec![drop, kick])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn modes(name: &str, connection: usize) -> Vec<Mode> {
        Plan::parse(name)
            .unwrap()
            .modes(connection)
            .cloned()
            .collect()
    }

    const fn millis(millis: u64) -> Duration {
        Duration::from_millis(millis)
    }

    #[test]
    fn parses_modes_with_their_numbers() {
        for (name, mode) in [
            ("fault-drop_nth~4-xyz", Mode::DropNth(4)),
            ("fault-drop_nth=4-xyz", Mode::DropNth(4)),
            ("drop_nth", Mode::DropNth(3)),
            (
                "fault-close_4001-x-y-z",
                Mode::CloseAfter(millis(200), 4001),
            ),
            ("fault-close_1006~50", Mode::CloseAfter(millis(50), 1006)),
            ("fault-slow_1Bps", Mode::Slow(1)),
            ("fault-slow~100", Mode::Slow(100)),
            ("fault-huge_1MiB", Mode::Huge(1 << 20)),
            (
                "fault-reorder_window_5~50",
                Mode::Reorder {
                    count: 5,
                    time: millis(50),
                },
            ),
            (
                "fault-flood_1000ps~100",
                Mode::Flood {
                    per_second: 1000,
                    time: millis(100),
                },
            ),
            (
                "fault-restart~100~200~1-x",
                Mode::Restart(Restart {
                    graceful: false,
                    after: millis(100),
                    down: millis(200),
                    connections: 1,
                }),
            ),
        ] {
            assert_eq!(modes(name, 0), [mode], "{name}");
        }
        assert_eq!(modes("fault-happy-x", 0), []);
    }

    #[test]
    fn modes_combine() {
        let both = [Mode::DupAll, Mode::DropAfter(millis(200))];
        assert_eq!(modes("fault-dup_all.drop_when_connected-x", 0), both);
        assert_eq!(
            modes("fault-dup_all.drop_when_connected-x", 1),
            [Mode::DupAll]
        );
    }

    #[test]
    fn disconnecting_modes_apply_to_the_first_connection_by_default() {
        let applied = |name: &str| (0..5).filter(|n| !modes(name, *n).is_empty()).count();
        assert_eq!(applied("fault-drop_when_connected-x"), 1);
        assert_eq!(applied("fault-drop_when_connected~x3-x"), 3);
        assert_eq!(applied("fault-drop_when_connected~100~xall-x"), 5);
        assert_eq!(applied("fault-garbage_json-x"), 5);
        assert_eq!(applied("fault-garbage_json~x0-x"), 0);
        assert_eq!(
            modes("fault-kick_on_return-x", 0),
            [Mode::DropAfter(millis(200))]
        );
        assert_eq!(modes("fault-kick_on_return-x", 1), [Mode::KickFirst]);
    }

    #[test]
    fn rejects_unknown_modes_and_wrong_numbers() {
        for name in [
            "fault-",
            "fault-no_such-x",
            "fault-happy.no_such",
            "fault-drop_nth~x",
            "fault-drop_nth~0",
            "fault-drop_nth~1~2",
            "fault-drop_nth~-1",
            "fault-slow_0Bps",
            "fault-close_999",
            "fault-close_5000",
            "fault-close_70000",
            "fault-huge_100000MiB",
            "fault-dup_all~1",
        ] {
            assert!(Plan::parse(name).is_err(), "{name}");
        }
    }

    #[test]
    fn finds_the_room_in_paths_and_messages() {
        assert_eq!(find_room("/relay/fault-dup_all-1?x=2"), Some("dup_all-1"));
        assert_eq!(
            find_room("{\"room\":\"fault-slow~1-a\",\"v\":1}"),
            Some("slow~1-a")
        );
        assert_eq!(find_room("42[\"join\",\"fault-a\"]"), Some("a"));
        assert_eq!(find_room("/relay/standup"), None);
    }
}
