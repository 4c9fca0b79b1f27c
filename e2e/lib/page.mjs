// A page that records its errors: those that a test does not expect fail it.

import assert from 'node:assert/strict';
import { probeScript } from './probe.mjs';

const TIMEOUT = 10_000;

export class Page {
  #page;
  #faults = [];
  #expected = [];

  constructor(page, person) {
    this.#page = page;
    this.person = person;
  }

  static async create(page, person, { fakeCameraOf, before } = {}) {
    const self = new Page(page, person);
    page.on('console', (message) => {
      if (message.type() === 'error') self.#faults.push(`console error: ${message.text()} ${message.location()?.url ?? ''}`);
    });
    page.on('pageerror', (error) => self.#faults.push(`page error: ${error?.stack ?? error}`));
    await page.evaluateOnNewDocument(probeScript({ fakeCameraOf }));
    if (before) await page.evaluateOnNewDocument(before);
    return self;
  }

  /** Puppeteer's page, for what this class does not offer. */
  get raw() {
    return this.#page;
  }

  goto(url) {
    return this.#page.goto(url, { waitUntil: 'load', timeout: TIMEOUT });
  }

  /** Runs a function in the page; arguments and result are plain data. */
  run(body, ...args) {
    return this.#page.evaluate(call(body, args));
  }

  /**
   * Waits until a function in the page returns something truthy, and resolves to it. The source is composed
   * here, since a strict policy forbids the page to compile text.
   */
  async until(body, ...rest) {
    const { timeout = TIMEOUT, what = body } = isOptions(rest.at(-1)) ? rest.pop() : {};
    const value = await this.#page.evaluate(`(async () => {
      const end = performance.now() + ${timeout};
      for (;;) {
        const value = await ${call(body, rest)};
        if (value) return value instanceof Node ? true : value; // An element cannot be serialized.
        if (performance.now() > end) return null;
        await new Promise((resolve) => setTimeout(resolve, 15));
      }
    })()`);
    if (!value) throw new assert.AssertionError({ message: `${this.person.name} waited ${timeout} ms for: ${what}` });
    return value;
  }

  /** Errors that match this pattern are part of the test. */
  expectFault(pattern) {
    this.#expected.push(pattern);
  }

  /** Fails if the page has recorded an error that was not expected. */
  async assertClean() {
    const inside = await this.#page.evaluate('globalThis.__e2e?.faults ?? []').catch(() => []);
    const faults = [...this.#faults, ...inside].filter((fault) => !this.#expected.some((pattern) => pattern.test(fault)));
    assert.deepEqual(faults, [], `errors in ${this.person.name}'s page`);
  }

  /** Closes the page; fails if it has recorded an unexpected error. */
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

/** The last argument of `until`: a timeout in milliseconds, and what is waited for, for the error. */
export function patience(timeout, what) {
  return { __patience: true, timeout, what };
}

function isOptions(value) {
  return value?.__patience === true;
}

function call(body, args) {
  return `(${body})(${args.map((arg) => JSON.stringify(arg) ?? 'undefined').join(',')})`;
}
