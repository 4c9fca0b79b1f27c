// What the tests of a file share and leave behind clean: browsers live as long as the file, pages
// as long as a test.

import { after, afterEach } from 'node:test';
import { chromium, firefox } from './browser.mjs';
import * as calls from './calls.mjs';

const LAUNCH = { chromium, firefox };

export function fixtures() {
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
    // Whatever a failed test has left open must not keep the run from going on.
    setTimeout(() => process.exit(), 5000).unref();
  });

  return {
    /** A browser of this kind for this person; asked for again, it is the same one. */
    browser(kind, person, options) {
      const key = JSON.stringify([kind, person, options]);
      if (!browsers.has(key)) browsers.set(key, LAUNCH[kind](person, options));
      return browsers.get(key);
    },
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
    /** The browser of this page is gone: nothing more can be asked of it. */
    async kill(kind, person, page, options) {
      const key = JSON.stringify([kind, person, options]);
      const browser = await browsers.get(key);
      browsers.delete(key);
      pages = pages.filter((other) => other !== page);
      browser.kill();
    },
    /** Closes all pages, which fails if anything went wrong in one: for a test that goes round and round. */
    closeAll,
    /** Runs at the end of the file. */
    defer(step) {
      cleanup.push(step);
    },
  };
}
