//! Modes that add, drop, delay and reorder messages.

use std::time::Duration;
use std::time::Instant;

use serde_json::{Value, json};
use tokio_tungstenite::tungstenite::Message;

use crate::client::{Client, answer, candidate, offer};
use crate::harness::{Proxy, assert_silent, pair};

#[tokio::test]
async fn slow_limits_the_rate() {
    let proxy = Proxy::start().await;
    for mode in ["slow~200", "slow_200Bps"] {
        let started = Instant::now();
        let mut ann = Client::ask(proxy.address, &format!("fault-{mode}-x")).await;
        let welcome = ann.next_text().await;
        let due = Duration::from_millis(welcome.len() as u64 * 5 / 2);
        assert!(started.elapsed() > due, "{:?}", started.elapsed());
    }
}

#[tokio::test]
async fn sends_invalid_messages_after_valid_ones() {
    let proxy = Proxy::start().await;
    for (mode, is_garbage) in [
        (
            "garbage_json",
            (|message| {
                let broken = |text: &str| serde_json::from_str::<Value>(text).is_err();
                matches!(message, Message::Text(text) if broken(text))
            }) as fn(&Message) -> bool,
        ),
        ("binary_garbage", |message| {
            matches!(message, Message::Binary(_))
        }),
        (
            "unknown_type",
            |message| matches!(message, Message::Text(text) if text.contains("\"type\":\"fault\"")),
        ),
    ] {
        let mut ann = Client::ask(proxy.address, &format!("fault-{mode}-x")).await;
        assert_eq!(ann.next().await["type"], "welcome", "{mode}");
        assert!(is_garbage(&ann.next_frame().await), "{mode}");
        ann.send(offer(&json!("nobody"))).await;
        assert_eq!(ann.next().await["type"], "rejected", "{mode}");
        assert!(is_garbage(&ann.next_frame().await), "{mode}");
    }
}

#[tokio::test]
async fn huge_sends_a_message_of_that_size() {
    let proxy = Proxy::start().await;
    for (mode, bytes) in [("huge_1MiB", 1 << 20), ("huge~2000", 2000)] {
        let mut ann = Client::ask(proxy.address, &format!("fault-{mode}-x")).await;
        assert_eq!(ann.next().await["type"], "welcome");
        let huge = ann.next_text().await.len();
        assert!((bytes..bytes + 100).contains(&huge), "{huge}");
        ann.assert_nothing_pending().await;
    }
}

/// Bob joins and sends until there are `sent` events. Returns the numbers of those that Ann receives.
async fn numbers(mode: &str, sent: usize, received: usize) -> Vec<u64> {
    let proxy = Proxy::start().await;
    let (mut ann, hers) = Client::join(proxy.address, &format!("fault-{mode}-x"), "Ann").await;
    let (mut bob, _) = Client::join(proxy.address, &format!("fault-{mode}-x"), "Bob").await;
    for _ in 1..sent {
        bob.send(offer(&hers["id"])).await;
    }
    let mut numbers = Vec::new();
    for _ in 0..received {
        numbers.push(ann.next().await["seq"].as_u64().unwrap());
    }
    assert_silent(&mut ann).await;
    numbers
}

#[tokio::test]
async fn duplicates_drops_and_reorders_messages() {
    assert_eq!(numbers("dup_all", 3, 6).await, [1, 1, 2, 2, 3, 3]);
    assert_eq!(numbers("drop_nth~2", 4, 3).await, [1, 3, 4]);
    assert_eq!(numbers("drop_nth", 4, 3).await, [1, 2, 4]);
    assert_eq!(
        numbers("reorder_window_5~9000", 5, 5).await,
        [5, 4, 3, 2, 1]
    );
    assert_eq!(numbers("reorder", 1, 1).await, [1], "after 100 ms");
    assert_eq!(numbers("dup_all.reorder~2", 2, 4).await, [1, 1, 2, 2]);
}

#[tokio::test]
async fn answer_twice_sends_two_numbered_answers() {
    let proxy = Proxy::start().await;
    let [(mut ann, hers), (mut bob, _)] = pair(&proxy, "fault-answer_twice-x").await;
    bob.send(offer(&hers["id"])).await;
    bob.send(answer(&hers["id"])).await;
    for (seq, kind) in [(2, "offer"), (3, "answer"), (4, "answer")] {
        let signal = ann.next().await;
        assert_eq!(
            (&signal["seq"], &signal["description"]["type"]),
            (&json!(seq), &json!(kind))
        );
    }
    ann.assert_nothing_pending().await;
}

#[tokio::test]
async fn candidate_first_sends_the_description_second() {
    let proxy = Proxy::start().await;
    let [(mut ann, hers), (mut bob, _)] = pair(&proxy, "fault-candidate_first-x").await;
    bob.send(offer(&hers["id"])).await;
    bob.send(candidate(&hers["id"])).await;
    let first = ann.next().await;
    assert_eq!(
        (&first["seq"], &first["candidate"]),
        (&json!(2), &json!({ "candidate": "" }))
    );
    assert_eq!(ann.next().await["description"]["type"], "offer");
    // Without a candidate, after a second.
    bob.send(offer(&hers["id"])).await;
    assert_silent(&mut ann).await;
    assert_eq!(ann.next().await["description"]["type"], "offer");
}

#[tokio::test]
async fn glare_makes_offers_cross() {
    let proxy = Proxy::start().await;
    let [(mut ann, hers), (mut bob, his)] = pair(&proxy, "fault-glare~60000-x").await;
    bob.send(offer(&hers["id"])).await;
    bob.send(candidate(&hers["id"])).await;
    assert_silent(&mut ann).await;
    ann.send(offer(&his["id"])).await;
    assert_eq!(ann.next().await["description"]["type"], "offer");
    assert_eq!(bob.next().await["description"]["type"], "offer");
    assert!(ann.next().await["candidate"].is_object(), "after the offer");
    // Only the first offer is held back.
    bob.send(offer(&hers["id"])).await;
    assert_eq!(ann.next().await["description"]["type"], "offer");
}

#[tokio::test]
async fn glare_releases_an_offer_after_its_time() {
    let proxy = Proxy::start().await;
    let [(mut ann, hers), (mut bob, _)] = pair(&proxy, "fault-glare~50-x").await;
    bob.send(offer(&hers["id"])).await;
    assert_eq!(ann.next().await["description"]["type"], "offer");
}

#[tokio::test]
async fn flood_sends_at_its_rate() {
    let proxy = Proxy::start().await;
    let mut ann = Client::ask(proxy.address, "fault-flood_1000ps~500-x").await;
    assert_eq!(ann.next().await["type"], "welcome");
    for _ in 0..500 {
        assert_eq!(ann.next().await["type"], "fault");
    }
    ann.assert_nothing_pending().await;
}
