//! The chat lines of before, which a newcomer gets from one participant.

use videocalls_protocol::ParticipantId;
use videocalls_protocol::data::{HistoryLine, Message};

use super::Data;
use super::chat_log::{Line, moment};
use crate::context::Context;
use crate::topology::Topology;
use crate::{ChatLine, LineOrigin, Notice};

impl Data {
    /// Requests the lines of before from someone who has others than we do, one participant at a
    /// time.
    pub(super) fn request_history(&mut self, ctx: &mut Context, links: &dyn Topology) {
        if self.history_from.is_none() {
            let known = self.log.digest();
            let mut peers = self.peers.iter_mut();
            let asked = peers.find_map(|peer| {
                let is_asked = peer.request_history(ctx, links, known);
                is_asked.then(|| peer.id().clone())
            });
            self.history_from = asked;
        }
    }

    /// A participant sends no more lines of before: asks another one, who may have more.
    pub(super) fn history_ended(
        &mut self,
        ctx: &mut Context,
        links: &dyn Topology,
        from: &ParticipantId,
    ) {
        if self.history_from.take_if(|asked| asked == from).is_some() {
            self.request_history(ctx, links);
        }
    }

    pub(super) fn send_history(
        &mut self,
        ctx: &mut Context,
        links: &dyn Topology,
        to: &ParticipantId,
    ) {
        let (now, own) = (ctx.now(), self.instance);
        let lines = self.log.lines().iter().map(|line| {
            Message::HistoryLine(HistoryLine {
                id: line.id,
                age_ms: u32::try_from(line.age(now)).unwrap_or(u32::MAX),
                from: match line.id.instance == own {
                    true => String::new(),
                    false => line.from.as_str().to_owned(),
                },
                name: line.name.clone(),
                text: line.text.clone(),
            })
        });
        let messages: Vec<_> = lines.chain([Message::HistoryEnd]).collect();
        let peer = self.peer(to);
        for message in messages {
            peer.send(ctx, links, &message);
        }
    }

    pub(super) fn history_line(
        &mut self,
        ctx: &mut Context,
        from: &ParticipantId,
        line: HistoryLine,
    ) {
        if self.history_from.as_ref() == Some(from) {
            let author = match line.from.is_empty() {
                true => from.clone(),
                false => ParticipantId::new(line.from),
            };
            let line = Line {
                id: line.id,
                at: moment(ctx.now()).saturating_sub(line.age_ms.into()),
                from: author,
                name: line.name,
                text: line.text,
            };
            self.receive_line(ctx, line, LineOrigin::History);
        }
    }

    /// Notifies the app of a chat line, unless it knows it.
    pub(super) fn receive_line(&mut self, ctx: &mut Context, line: Line, origin: LineOrigin) {
        if origin == LineOrigin::Direct || self.log.insert(line.clone()) {
            ctx.notify(Notice::Text(ChatLine {
                id: Some(line.id),
                age_ms: line.age(ctx.now()),
                from: line.from,
                name: line.name,
                text: line.text,
                origin,
            }));
        }
    }
}
