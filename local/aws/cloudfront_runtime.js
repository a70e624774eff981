// Imitates CloudFront Functions' runtime 2.0, as far as Postcard's function uses it: the modules
// `crypto` (SHA-256, synchronous) and `cloudfront` (a KeyValueStore), and an event's
// rawQueryString(). local/aws/edge_function.py calls begin(), settleKey() and state().

const modules = (() => {
  // FIPS 180-4; tests compare it with Python's hashlib.
  const prime = (n) => {
    for (let i = 2; i * i <= n; i++) if (n % i === 0) return false;
    return true;
  };
  const primes = Array.from({ length: 312 }, (_, i) => i).filter((n) => n > 1 && prime(n));
  const fraction = (x) => ((x - Math.floor(x)) * 4294967296) | 0;
  const ROUND_CONSTANTS = Int32Array.from(primes.slice(0, 64), (n) => fraction(Math.cbrt(n)));
  const INITIAL_STATE = primes.slice(0, 8).map((n) => fraction(Math.sqrt(n)));
  const rotateRight = (x, by) => (x >>> by) | (x << (32 - by));

  function compress(state, view, offset, w) {
    for (let i = 0; i < 16; i++) w[i] = view.getInt32(offset + 4 * i);
    for (let i = 16; i < 64; i++) {
      const s0 = rotateRight(w[i - 15], 7) ^ rotateRight(w[i - 15], 18) ^ (w[i - 15] >>> 3);
      const s1 = rotateRight(w[i - 2], 17) ^ rotateRight(w[i - 2], 19) ^ (w[i - 2] >>> 10);
      w[i] = w[i - 16] + s0 + w[i - 7] + s1;
    }
    let [a, b, c, d, e, f, g, h] = state;
    for (let i = 0; i < 64; i++) {
      const s1 = rotateRight(e, 6) ^ rotateRight(e, 11) ^ rotateRight(e, 25);
      const t1 = (h + s1 + ((e & f) ^ (~e & g)) + ROUND_CONSTANTS[i] + w[i]) | 0;
      const s0 = rotateRight(a, 2) ^ rotateRight(a, 13) ^ rotateRight(a, 22);
      const t2 = (s0 + ((a & b) ^ (a & c) ^ (b & c))) | 0;
      [h, g, f, e, d, c, b, a] = [g, f, e, (d + t1) | 0, c, b, a, (t1 + t2) | 0];
    }
    return [a, b, c, d, e, f, g, h].map((word, i) => (word + state[i]) | 0);
  }

  function sha256(bytes) {
    const padded = new Uint8Array((((bytes.length + 8) >> 6) + 1) << 6);
    padded.set(bytes);
    padded[bytes.length] = 0x80;
    const view = new DataView(padded.buffer);
    view.setUint32(padded.length - 8, Math.floor(bytes.length / 536870912));
    view.setUint32(padded.length - 4, (bytes.length << 3) >>> 0);
    const w = new Int32Array(64);
    let state = INITIAL_STATE;
    for (let offset = 0; offset < padded.length; offset += 64) state = compress(state, view, offset, w);
    view.setUint32(0, 0);
    const digest = new DataView(new ArrayBuffer(32));
    state.forEach((word, i) => digest.setInt32(4 * i, word));
    return Array.from(new Uint8Array(digest.buffer));
  }

  const utf8 = (text) => {
    const octets = encodeURIComponent(text).match(/%..|[^]/g) || [];
    return octets.map((o) => (o.length > 1 ? parseInt(o.slice(1), 16) : o.charCodeAt(0)));
  };

  function encode(digest, encoding) {
    if (encoding === 'hex') return digest.map((b) => (b + 256).toString(16).slice(1)).join('');
    if (encoding !== 'base64url') throw new TypeError('Unknown digest encoding: ' + encoding);
    const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
    const bits = digest.map((b) => (b + 256).toString(2).slice(1)).join('');
    return bits.match(/.{1,6}/g).map((six) => alphabet[parseInt(six.padEnd(6, '0'), 2)]).join('');
  }

  function hasher(algorithm, finish) {
    if (algorithm !== 'sha256') throw new TypeError('not supported algorithm: ' + algorithm);
    let bytes = [];
    const self = {
      update: (text) => {
        bytes = bytes.concat(utf8(text));
        return self;
      },
      digest: (encoding) => encode(finish(bytes), encoding)
    };
    return self;
  }

  function createHmac(algorithm, key) {
    let block = utf8(key);
    if (block.length > 64) block = sha256(block);
    block = block.concat(new Array(64 - block.length).fill(0));
    const padded = (by) => block.map((b) => b ^ by);
    const finish = (bytes) => sha256(padded(0x5c).concat(sha256(padded(0x36).concat(bytes))));
    return hasher(algorithm, finish);
  }

  const kvs = () => ({
    get: (name) =>
      new Promise((resolve, reject) => {
        current.requestedKey = String(name);
        current.resolve = resolve;
        current.reject = reject;
      })
  });
  return {
    crypto: { createHmac: createHmac, createHash: (algorithm) => hasher(algorithm, sha256) },
    cloudfront: { kvs: kvs }
  };
})();

let current = {};

// Starts one request. `query` is the result of rawQueryString(); null: there is no query.
function begin(event, query) {
  const run = {};
  current = run;
  event.request.rawQueryString = () => (query === null ? undefined : query);
  new Promise((resolve) => resolve(handler(event))).then(
    (result) => {
      run.result = result === undefined ? null : result;
    },
    (error) => {
      run.error = String(error);
    }
  );
  return state();
}

// Settles the promise of the requested KeyValueStore key; null: there is no such key.
function settleKey(text) {
  const run = current;
  run.requestedKey = undefined;
  if (text === null) run.reject(new Error('KeyNotFound'));
  else run.resolve(text);
}

// The request's state as JSON: a key to look up, the function's result, or its error.
function state() {
  const { requestedKey, result, error } = current;
  return JSON.stringify({ requestedKey, result, error });
}
