// What "in a call" means here: the picture that arrives is the right person's and moves on, and the
// tone that arrives is theirs.

import assert from 'node:assert/strict';
import { patience } from './page.mjs';

/** Waits until some video matching `selector` shows this person, moving. */
export async function sees(page, person, selector = 'video', timeout = 15_000) {
  await page.until(
    (selector, person) => {
      const seen = (globalThis.__e2e.seen ??= new Map());
      for (const video of document.querySelectorAll(selector)) {
        const picture = globalThis.__e2e.see(video);
        if (picture?.person !== person) continue;
        const counters = seen.get(video) ?? new Set();
        seen.set(video, counters.add(picture.counter));
        if (counters.size >= 4) return seen.delete(video);
      }
      return false;
    },
    selector,
    person.person,
    patience(timeout, `${person.name}'s moving picture in ${selector}`),
  );
}

/** Waits until some media element matching `selector` plays this person's tone. */
export async function hears(page, person, selector = 'video', timeout = 15_000) {
  const end = Date.now() + timeout;
  let tones;
  do {
    tones = await page.run(
      (selector) =>
        Promise.all(
          [...document.querySelectorAll(selector)]
            .filter((element) => element.srcObject?.getAudioTracks().length > 0)
            .map((element) => globalThis.__e2e.hear(element.srcObject)),
        ),
      selector,
    );
    if (tones.some((tone) => tone !== null && Math.abs(tone - person.tone) < 20)) return;
  } while (Date.now() < end);
  assert.fail(`${page.person.name} does not hear ${person.name} (${person.tone} Hz) in ${selector}, but ${JSON.stringify(tones)}`);
}

/** Waits until an element matching `selector` gives no sound at all. */
export async function hearsNothing(page, selector = 'video', timeout = 8_000) {
  await page.until(
    async (selector) => {
      const element = document.querySelector(selector);
      return !element?.srcObject || (await globalThis.__e2e.hear(element.srcObject, 500)) === null;
    },
    selector,
    patience(timeout, `silence in ${selector}`),
  );
}

/** Waits until both see and hear each other. */
export async function inCall(a, b, selector) {
  await Promise.all([sees(a, b.person, selector), sees(b, a.person, selector)]);
  await Promise.all([hears(a, b.person, selector), hears(b, a.person, selector)]);
}
