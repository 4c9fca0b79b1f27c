//! A proxy in front of the signaling server that injects faults, for tests of how calls recover.
//!
//! The name of a room says which faults its connections get; `docs/faults.md` lists them. The proxy
//! terminates each WebSocket, changes the messages that pass, and forwards them to an unmodified
//! server in the same process. Rooms whose fault is a restart have a server of their own.
//!
//! | module | what is there |
//! | --- | --- |
//! | `serve` | accepts connections, forwards HTTP, refuses upgrades |
//! | `proxy` | what connections share: rooms, tasks, the server behind them |
//! | `head` | reads the head of an HTTP request or response |
//! | `plan` | parses a room name into the faults of its connections |
//! | `rooms` | the rooms with faults |
//! | `upstream` | the servers behind the rooms |
//! | `bridge` | forwards messages between a client and a server |
//! | `chain`, `injectors` | change, delay, add or drop messages |
//! | `dialect` | what the proxy needs to know of each dialect's messages |
//! | `throttle` | a TCP stream that writes slowly |

mod bridge;
mod chain;
mod dialect;
mod head;
mod injectors;
mod plan;
mod proxy;
mod rooms;
mod serve;
mod throttle;
mod upstream;

pub use serve::run;
