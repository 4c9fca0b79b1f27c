// A page under watch: whatever goes wrong in it unannounced fails the test.

import assert from 'node:assert/strict';
import { probeScript } from './probe.mjs';

const PATIENCE = 10_000;

export class Page {
  #page;
  #faults = [];
  #expected = [];

  constructor(page, person) {
    this.#page = page;
    this.person = person;
  }

  static async create(page, person, { standIn, before } = {}) {
    const self = new Page(page, person);
    page.on('console', (message) => {
      if (message.type() === 'error') self.#faults.push(`console error: ${message.text()} ${message.location()?.url ?? ''}`);
    });
    page.on('pageerror', (error) => self.#faults.push(`page error: ${error?.stack ?? error}`));
    await page.evaluateOnNewDocument(probeScript({ standIn }));
    if (before) await page.evaluateOnNewDocument(before);
    return self;
  }

  /** The browser's own handle, for what this class does not offer. */
  get raw() {
    return this.#page;
  }

  goto(url) {
    return this.#page.goto(url, { waitUntil: 'load', timeout: PATIENCE });
  }

  /** Runs a function in the page; arguments and result are plain data. */
  run(body, ...args) {
    return this.#page.evaluate(call(body, args));
  }

  /**
   * Waits until a function in the page gives something true, and returns it. The source is put
   * together here, since a strict policy forbids the page to make functions from text.
   */
  async until(body, ...rest) {
    const { timeout = PATIENCE, what = body } = isOptions(rest.at(-1)) ? rest.pop() : {};
    const value = await this.#page.evaluate(`(async () => {
      const end = performance.now() + ${timeout};
      for (;;) {
        const value = await ${call(body, rest)};
        if (value) return value instanceof Node ? true : value; // An element cannot be sent.
        if (performance.now() > end) return null;
        await new Promise((resolve) => setTimeout(resolve, 15));
      }
    })()`);
    if (!value) throw new assert.AssertionError({ message: `${this.person.name} waited ${timeout} ms in vain for: ${what}` });
    return value;
  }

  /** The faults that this pattern matches are part of the test. */
  expectFault(pattern) {
    this.#expected.push(pattern);
  }

  /** Fails if anything went wrong so far that was not expected. */
  async assertClean() {
    const inside = await this.#page.evaluate('globalThis.__e2e?.faults ?? []').catch(() => []);
    const faults = [...this.#faults, ...inside].filter((fault) => !this.#expected.some((pattern) => pattern.test(fault)));
    assert.deepEqual(faults, [], `faults in ${this.person.name}'s page`);
  }

  /** Closes the page, after a last look at its faults. */
  async close() {
    await this.assertClean();
    await this.#page.close();
  }

  click(selector) {
    return this.#page.click(selector);
  }

  async fill(selector, value) {
    await this.run(
      (selector, value) => {
        const input = document.querySelector(selector);
        input.focus();
        input.value = value;
        input.dispatchEvent(new Event('input', { bubbles: true }));
        input.dispatchEvent(new Event('change', { bubbles: true }));
      },
      selector,
      value,
    );
  }
}

/** Options of `until` come last and are marked, so that plain arguments can be objects too. */
export function patience(timeout, what) {
  return { __patience: true, timeout, what };
}

function isOptions(value) {
  return value?.__patience === true;
}

function call(body, args) {
  return `(${body})(${args.map((arg) => JSON.stringify(arg) ?? 'undefined').join(',')})`;
}
