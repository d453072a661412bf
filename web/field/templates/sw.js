// Keeps the shell of the phone page on the phone, so that it starts with no network.
// The server writes the list of files and their common hash into the next line.
const SHELL = { version: '', paths: [] };
const PREFIX = 'shidi-field-';
const CACHE = PREFIX + SHELL.version;
const KEPT = new Set(SHELL.paths);

self.addEventListener('install', (event) => {
  // 'reload': the browser's own cache may hold a file of another version.
  const requests = SHELL.paths.map((path) => new Request(path, { cache: 'reload' }));
  event.waitUntil(caches.open(CACHE).then((cache) => cache.addAll(requests)));
  // Newer browsers take the files from the cache themselves then, and a start need not wait for this worker to wake.
  if (event.addRoutes) {
    event.addRoutes(
      ['/field/', '/field/static/*', '/field/vendor/*'].map((pathname) => ({
        condition: { urlPattern: { pathname, search: '' }, requestMethod: 'get' },
        source: { cacheName: CACHE },
      })),
    );
  }
});

self.addEventListener('activate', (event) => {
  event.waitUntil(
    caches
      .keys()
      .then((names) => Promise.all(names.filter((n) => n.startsWith(PREFIX) && n !== CACHE).map((n) => caches.delete(n))))
      .then(() => self.clients.claim()),
  );
});

// A new worker waits until the page says that nothing is being written.
self.addEventListener('message', (event) => {
  if (event.data && event.data.type === 'skip-waiting') self.skipWaiting();
});

self.addEventListener('fetch', (event) => {
  const url = new URL(event.request.url);
  if (event.request.method !== 'GET' || url.origin !== self.location.origin) return;
  // Whatever other address below /field/ is opened, the page is the same one.
  const isPage = event.request.mode === 'navigate' && url.pathname.startsWith('/field/');
  const path = isPage && !KEPT.has(url.pathname) ? '/field/' : url.pathname;
  if (!KEPT.has(path)) return; // the API above all: answers are never kept
  event.respondWith(
    caches
      .open(CACHE)
      .then((cache) => cache.match(path, { ignoreSearch: true, ignoreVary: true }))
      .then((found) => found || fetch(event.request)),
  );
});

// The browser says that there is a network again. The page sends; the worker only wakes it.
self.addEventListener('sync', (event) => {
  if (event.tag !== 'shidi-outbox') return;
  event.waitUntil(
    self.clients
      .matchAll({ type: 'window' })
      .then((pages) => pages.forEach((page) => page.postMessage({ type: 'sync' }))),
  );
});
