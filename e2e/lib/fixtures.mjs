// Browsers and pages that are closed by themselves: browsers at the end of a test file, pages at the
// end of a test, which fails if anything went wrong in one of them.

import { after, afterEach } from 'node:test';
import { chromium, firefox } from './browser.mjs';
import * as calls from './calls.mjs';

const LAUNCH = { chromium, firefox };

/** The fixtures of one test file. */
export function createFixtures() {
  const browsers = new Map();
  const cleanup = [];
  let pages = [];

  const closeAll = async () => {
    const closing = pages;
    pages = [];
    const closed = await Promise.allSettled(closing.map((page) => page.close()));
    const failed = closed.find(({ status }) => status === 'rejected');
    if (failed) throw failed.reason;
  };
  afterEach(closeAll);
  after(async () => {
    const open = await Promise.allSettled(browsers.values());
    await Promise.allSettled(open.map(({ value }) => value?.close()));
    for (const step of cleanup.reverse()) await step();
    // Whatever a failed test has left open must not keep the process alive.
    setTimeout(() => process.exit(), 5000).unref();
  });

  return {
    /** Starts a browser of this kind for this person, or returns the one that runs already; a promise. */
    browser(kind, person, options) {
      const key = JSON.stringify([kind, person, options]);
      if (!browsers.has(key)) browsers.set(key, LAUNCH[kind](person, options));
      return browsers.get(key);
    },
    /** Opens a page; see `open` in browser.mjs. */
    async open(browser, url, options) {
      const page = await (await browser).open(url, options);
      pages.push(page);
      return page;
    },
    /** Opens a page and starts a call in it; see `join` in calls.mjs. */
    async join(browser, url, options, pageOptions) {
      const joined = await calls.join(await browser, url, options, pageOptions);
      pages.push(joined.page);
      return joined;
    },
    /** Kills the browser of this page, which is not used any more. */
    async kill(kind, person, page, options) {
      const key = JSON.stringify([kind, person, options]);
      const browser = await browsers.get(key);
      browsers.delete(key);
      pages = pages.filter((other) => other !== page);
      browser.kill();
    },
    /** Closes all pages and fails if anything went wrong in one, for a test that repeats itself. */
    closeAll,
    /** Has this function run at the end of the file. */
    defer(step) {
      cleanup.push(step);
    },
  };
}
