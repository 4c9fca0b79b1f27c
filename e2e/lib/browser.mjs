// Starts real browsers, one process per person: a headless browser draws only the tab in front.

import puppeteer from 'puppeteer-core';
import { mediaFiles } from './media.mjs';
import { Page } from './page.mjs';

const CHROMIUM = process.env.CHROMIUM ?? '/usr/bin/chromium';
const FIREFOX = process.env.FIREFOX ?? '/usr/bin/firefox-esr';

/** The public STUN server that the package uses by default, which no test may depend on. */
const PUBLIC_STUN = 'stun.l.google.com';

const CHROMIUM_FLAGS = [
  `--host-resolver-rules=MAP ${PUBLIC_STUN} ~NOTFOUND`,
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--disable-dev-shm-usage',
  '--disable-features=WebRtcHideLocalIpsWithMdns,LocalNetworkAccessChecks',
  '--autoplay-policy=no-user-gesture-required',
  '--mute-audio',
];

const FIREFOX_PREFERENCES = {
  'media.navigator.permission.disabled': true,
  'media.navigator.streams.fake': true,
  'media.peerconnection.ice.obfuscate_host_addresses': false,
  'media.peerconnection.ice.loopback': true,
  'media.autoplay.default': 0,
  'media.autoplay.blocking_policy': 0,
  'media.gmp-manager.updateEnabled': false,
  'network.proxy.type': 0,
  // Resolved to this machine, where nothing answers.
  'network.dns.localDomains': PUBLIC_STUN,
};

/** Puppeteer's own flags that keep hidden pages from being throttled, unlike people's browsers. */
const UNTHROTTLED = [
  '--disable-background-timer-throttling',
  '--disable-backgrounding-occluded-windows',
  '--disable-renderer-backgrounding',
];

// A page that has not answered for so long is taken for dead.
const PROTOCOL_TIMEOUT = 60_000;

/** Starts Chromium, whose fake devices send the person's picture and tone; `throttled` slows down hidden pages. */
export async function chromium(person, options = {}) {
  const browser = await puppeteer.launch({
    executablePath: CHROMIUM,
    headless: true,
    protocolTimeout: PROTOCOL_TIMEOUT,
    pipe: true,
    ignoreDefaultArgs: options.throttled ? UNTHROTTLED : [],
    args: [...CHROMIUM_FLAGS, ...deviceFlags(person, options), ...(options.args ?? [])],
  });
  return new Browser(browser, person);
}

/**
 * Starts Firefox, whose picture is drawn in the page, see `fakeCamera` in probe.mjs. `preferences` have
 * the names of `about:config`.
 */
export async function firefox(person, { preferences } = {}) {
  const browser = await puppeteer.launch({
    browser: 'firefox',
    executablePath: FIREFOX,
    headless: true,
    protocolTimeout: PROTOCOL_TIMEOUT,
    extraPrefsFirefox: { ...FIREFOX_PREFERENCES, 'media.navigator.audio.fake_frequency': person.tone, ...preferences },
  });
  return new Browser(browser, person, { fakeCameraOf: person });
}

/**
 * `devices`: `all` (granted), `two-cameras` (granted), `asks` (by the page's permissions), `denied`,
 * `no-camera`, `none`. `fps` is the camera's frame rate.
 */
function deviceFlags(person, { devices = 'all', fps }) {
  const files = mediaFiles(person, { fps });
  const count = { 'no-camera': '0', none: '0', 'two-cameras': '2' }[devices];
  const cameras = count ? `=device-count=${count}` : '';
  const answers = { denied: ['--use-fake-ui-for-media-stream=deny'], asks: [] };
  return [
    `--use-fake-device-for-media-stream${cameras}`,
    ...(answers[devices] ?? ['--use-fake-ui-for-media-stream']),
    ...(count === '0' ? [] : [`--use-file-for-fake-video-capture=${files.video}`]),
    `--use-file-for-fake-audio-capture=${files.audio}`,
  ];
}

export class Browser {
  #browser;
  #probe;

  constructor(browser, person, probe = {}) {
    this.#browser = browser;
    this.#probe = probe;
    this.person = person;
    this.kind = probe.fakeCameraOf ? 'firefox' : 'chromium';
  }

  /** Opens a page that records its errors. */
  async open(url, options = {}) {
    const page = await Page.create(await this.#browser.newPage(), this.person, { ...this.#probe, ...options });
    await page.goto(url);
    return page;
  }

  /** Opens an empty tab in front of the others, which are hidden until the new tab is closed. */
  async cover() {
    const cover = await this.#browser.newPage();
    await cover.bringToFront();
    return cover;
  }

  /** Stops all processes of the browser, like a computer that goes to sleep, until `wake`. */
  sleep() {
    this.#signal('SIGSTOP');
  }

  wake() {
    this.#signal('SIGCONT');
  }

  /** Kills all processes of the browser, like a power cut. */
  kill() {
    this.#signal('SIGKILL');
  }

  #signal(signal) {
    process.kill(-this.#browser.process().pid, signal);
  }

  close() {
    return this.#browser.close();
  }
}
