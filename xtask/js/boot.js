// Starts the app. A page that cannot start it says so instead of staying empty.

import start from './app_glue.js';

start({ module_or_path: new URL('app_bg.wasm', import.meta.url) }).catch((error) => {
  document.body.append('This page could not be started. Please reload it, or use a newer browser.');
  throw error;
});
