// What "in a call" means in these tests: an element plays the right person's moving picture and the
// right person's tone. Both are read at the element, not only in its stream.

import assert from 'node:assert/strict';
import { patience } from './page.mjs';

/** How far a measured tone may be from a person's own, in Hz. */
const TOLERANCE = 20;

/** Waits until a video that matches `selector` plays, and shows this person's picture in four frames or more. */
export async function sees(page, person, selector = 'video', timeout = 15_000) {
  try {
    await page.until(
      async (selector, number) => {
        const seen = (globalThis.__e2e.seen ??= new Map());
        for (const video of document.querySelectorAll(selector)) {
          const picture = globalThis.__e2e.see(video);
          if (picture?.number !== number) continue;
          const first = seen.get(video) ?? { counters: new Set(), reading: globalThis.__e2e.readElement(video) };
          seen.set(video, first);
          first.counters.add(picture.counter);
          if (first.counters.size < 4) continue;
          seen.delete(video);
          if ((await globalThis.__e2e.whyNotPlaying(video, first.reading)) === null) return true;
        }
        return false;
      },
      selector,
      person.number,
      patience(timeout, `${person.name}'s moving picture in ${selector}`),
    );
  } catch (error) {
    error.message += `; the elements there: ${JSON.stringify(await page.run(readings, selector))}`;
    throw error;
  }
}

/** Waits until a media element that matches `selector` plays this person's tone. */
export async function hears(page, person, selector = 'video', timeout = 15_000) {
  const end = Date.now() + timeout;
  let heard;
  do {
    heard = await page.run(
      (selector) => Promise.all([...document.querySelectorAll(selector)].map((element) => globalThis.__e2e.hear(element))),
      selector,
    );
    if (heard.some(({ tone, why }) => why === null && Math.abs(tone - person.tone) < TOLERANCE)) return;
  } while (Date.now() < end);
  assert.fail(`${page.person.name} does not hear ${person.name} (${person.tone} Hz) in ${selector}, but ${JSON.stringify(heard)}`);
}

/**
 * Waits until the elements that match `selector` play nothing but silence. One that is paused or muted does not
 * count: its stream may have a sound.
 */
export async function hearsNothing(page, selector = 'video', timeout = 8_000) {
  await page.until(
    async (selector) => {
      const heard = [...document.querySelectorAll(selector)].map((element) => globalThis.__e2e.hear(element, 500));
      return (await Promise.all(heard)).every(({ why }) => ['silent', 'no audio track', 'no stream'].includes(why));
    },
    selector,
    patience(timeout, `silence in ${selector}`),
  );
}

/** Waits until a video that matches `selector` shows nobody's picture: black, or nothing. */
export function seesNobody(page, selector = 'video', timeout = 15_000) {
  return page.until(
    (selector) => [...document.querySelectorAll(selector)].every((video) => globalThis.__e2e.see(video) === null),
    selector,
    patience(timeout, `no picture in ${selector}`),
  );
}

/** Waits until both see and hear each other. */
export async function inCall(a, b, selector) {
  await Promise.all([sees(a, b.person, selector), sees(b, a.person, selector)]);
  await Promise.all([hears(a, b.person, selector), hears(b, a.person, selector)]);
}

/** The state of the elements, for a failure's text. Runs in the page. */
function readings(selector) {
  return [...document.querySelectorAll(selector)].map((element) => ({
    ...globalThis.__e2e.readElement(element),
    tracks: element.srcObject?.getTracks().map(({ kind, muted }) => (muted ? `${kind}, muted` : kind)) ?? null,
    picture: globalThis.__e2e.see(element),
  }));
}
