//! Models of the servers of three other systems, as they behave on the wire: Socket.IO rooms of two,
//! the one room of the channels mesh, and the appointments of a client and a professional.
//!
//! What they pass on they pass on unread, so a little cutting of text does for them.

use super::network::{ConnId, Occurrence, SimulatedNetwork};
use super::server::Server;

/// What `{"uuid":"u7","clientName":"Jim"}` and `{"proId":1}` look like as tokens.
pub(crate) const CLIENT: &str = "h.eyJ1dWlkIjoidTciLCJjbGllbnROYW1lIjoiSmltIn0.s";
pub(crate) const PROFESSIONAL: &str = "h.eyJwcm9JZCI6MX0.s";

/// How a Socket.IO server and its clients hear that the other is alive.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(crate) struct Engine {
    /// Whether it is one of the old kind, where the client pings.
    pub(crate) old: bool,
    pub(crate) ping: Option<u32>,
}

/// What the server of the appointments keeps: one appointment is enough.
#[derive(Debug, Default)]
pub(crate) struct Book {
    client: Option<ConnId>,
    professional: Option<ConnId>,
    offer: Option<String>,
    answer: Option<String>,
    offerer_ice: Vec<String>,
    answerer_ice: Vec<String>,
}

impl SimulatedNetwork {
    /// Greets a new socket, where the server is the first to speak.
    pub(crate) fn greet(&mut self, conn: ConnId) {
        match &mut self.server {
            Server::Pairs { engine, .. } | Server::Appointments { engine, .. } => {
                let engine = *engine;
                let beat = engine.ping.map_or_else(String::new, |ping| {
                    format!(",\"pingInterval\":{ping},\"pingTimeout\":20000")
                });
                self.tell(
                    conn,
                    format!("0{{\"sid\":\"e{conn}\",\"upgrades\":[]{beat}}}"),
                );
                if engine.old {
                    self.tell(conn, "40".to_owned());
                }
                if let (false, Some(ping)) = (engine.old, engine.ping) {
                    self.after(ping.into(), Occurrence::ServerPing { conn });
                }
            }
            Server::Mesh { conns } => conns.push(conn),
            _ => {}
        }
    }

    fn tell(&mut self, conn: ConnId, text: String) {
        self.send_down(conn, text, false);
    }

    /// Socket.IO, as far as rooms and appointments have it in common. Returns the event that is
    /// left to serve: its name, and its arguments without brackets.
    pub(crate) fn engine_hears(&mut self, conn: ConnId, text: &str) -> Option<(String, String)> {
        match text {
            "2" => self.tell(conn, "3".to_owned()),
            "3" => {}
            _ if text.starts_with("40") => {
                self.tell(conn, format!("40{{\"sid\":\"s{conn}\"}}"));
                return Some(("connection".to_owned(), text.to_owned()));
            }
            _ => {
                let event = text.strip_prefix("42").expect("an event");
                let (number, event) = event.split_once("[\"").expect("a list");
                let event = event.strip_suffix(']');
                let (name, arguments) = event.and_then(|it| it.split_once('"')).expect("a name");
                let arguments = arguments.trim_start_matches(',');
                // What is asked has its number behind its name.
                return Some(([name, number].concat(), arguments.to_owned()));
            }
        }
        None
    }

    pub(crate) fn pairs_serve(&mut self, conn: ConnId, name: &str, arguments: &str) {
        let Server::Pairs { members, .. } = &mut self.server else {
            return;
        };
        let others = members.iter().copied().filter(|&it| it != conn);
        let others: Vec<_> = others.collect();
        match name {
            "connection" => {}
            "join" => {
                let said = match members.len() {
                    0 => "created",
                    1 => "joined",
                    _ => "full",
                };
                if said != "full" {
                    members.push(conn);
                }
                self.tell(conn, format!("42[\"{said}\"]"));
            }
            "leave" => {
                members.retain(|&it| it != conn);
                for to in others {
                    self.tell(to, "42[\"leave\"]".to_owned());
                }
            }
            _ => {
                let payload = arguments.strip_suffix("\"standup\"").expect("the room");
                let payload = payload.trim_end_matches(',');
                let comma = if payload.is_empty() { "" } else { "," };
                for to in others {
                    let text = format!("42[\"{name}\"{comma}{payload}]");
                    self.send_down(to, text, name != "ready");
                }
            }
        }
    }

    pub(crate) fn channel(conn: ConnId) -> String {
        format!("specific.{conn:03}!x")
    }

    pub(crate) fn mesh_hears(&mut self, conn: ConnId, text: &str) {
        const KEY: &str = "\"receiver_channel_name\":\"";
        let Server::Mesh { conns } = &self.server else {
            return;
        };
        let own = Self::channel(conn);
        if let Some((before, rest)) = text.rsplit_once(KEY) {
            let (channel, after) = rest.split_once('"').expect("the end of the channel");
            let to = conns
                .iter()
                .copied()
                .find(|&it| Self::channel(it) == channel);
            let text = format!("{before}{KEY}{own}\"{after}");
            to.into_iter()
                .for_each(|to| self.send_down(to, text.clone(), true));
        } else {
            let before = text.strip_suffix("{}}").expect("an empty message");
            let text = format!("{before}{{{KEY}{own}\"}}}}");
            for to in conns.clone() {
                self.tell(to, text.clone());
            }
        }
    }

    pub(crate) fn appointments_serve(&mut self, conn: ConnId, name: &str, arguments: &str) {
        let Server::Appointments { book, .. } = &mut self.server else {
            return;
        };
        // The last who connects counts, and nobody is ever removed: somebody who has gone again by
        // now would get all that is meant for whoever came instead.
        if name == "connection" && !self.conns[conn].listens {
            return;
        }
        let (client, professional) = (book.client, book.professional);
        let mut told: Vec<(Option<ConnId>, String)> = Vec::new();
        match name {
            "connection" if arguments.contains(PROFESSIONAL) => {
                book.professional = Some(conn);
                told.push((Some(conn), "42[\"apptData\",[]]".to_owned()));
                if book.offer.is_some() {
                    told.push((Some(conn), book.waiting()));
                }
            }
            "connection" => {
                book.client = Some(conn);
                if book.offer.is_some() {
                    let answer = book.answer.as_deref().unwrap_or("null");
                    told.push((Some(conn), format!("42[\"answerToClient\",{answer}]")));
                }
            }
            "newOffer" => {
                let (offer, _) = arguments
                    .split_once(",\"apptInfo\":")
                    .expect("the appointment");
                let offer = offer.strip_prefix("{\"offer\":").map(str::to_owned);
                let (client, professional) = (book.client, book.professional);
                *book = Book {
                    client,
                    professional,
                    offer,
                    ..Book::default()
                };
                told.push((professional, "42[\"apptData\",[]]".to_owned()));
                told.push((professional, book.waiting()));
            }
            "newAnswer" => {
                let (answer, _) = arguments.split_once(",\"uuid\":").expect("the appointment");
                let answer = answer.strip_prefix("{\"answer\":").expect("the answer");
                book.answer = Some(answer.to_owned());
                told.push((client, format!("42[\"answerToClient\",{answer}]")));
            }
            "iceToServer" if book.offer.is_some() => {
                let (candidate, who) = arguments.split_once(",\"who\":").expect("who it is");
                let candidate = candidate.strip_prefix("{\"iceC\":").expect("the candidate");
                let text = format!("42[\"iceToClient\",{candidate}]");
                if who.starts_with("\"client\"") {
                    book.offerer_ice.push(candidate.to_owned());
                    told.push((professional, text));
                } else {
                    book.answerer_ice.push(candidate.to_owned());
                    told.push((client, text));
                }
            }
            "getIce0" | "getIce1" if book.offer.is_some() => {
                let known = match arguments.ends_with("\"professional\"") {
                    true => &book.offerer_ice,
                    false => &book.answerer_ice,
                };
                told.push((
                    Some(conn),
                    format!("43{}[[{}]]", &name[6..], known.join(",")),
                ));
            }
            // It is lost, and the question is never answered.
            "iceToServer" | "getIce0" | "getIce1" => {}
            other => panic!("the server does not know {other}"),
        }
        for (to, text) in told {
            let signal = text.contains("\"sdp\"") || text.contains("iceToClient");
            to.into_iter()
                .for_each(|to| self.send_down(to, text.clone(), signal));
        }
    }
}

impl Book {
    fn waiting(&self) -> String {
        format!(
            "42[\"newOfferWaiting\",{{\"uuid\":\"u7\",\"clientName\":\"Jim\",\"offer\":{},\
             \"offererIceCandidates\":[{}],\"answer\":{},\"answerIceCandidates\":[{}]}}]",
            self.offer.as_deref().unwrap_or("null"),
            self.offerer_ice.join(","),
            self.answer.as_deref().unwrap_or("null"),
            self.answerer_ice.join(",")
        )
    }
}
