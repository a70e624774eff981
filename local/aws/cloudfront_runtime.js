// What CloudFront Functions' runtime 2.0 gives to a function, as far as ours uses it: the modules
// `crypto` (SHA-256, synchronous) and `cloudfront` (a KeyValueStore), and an event's
// rawQueryString(). local/aws/edge_function.py drives it by begin(), found() and state().

const modules = (() => {
  // FIPS 180-4; tests compare it with Python's hashlib.
  const prime = (n) => {
    for (let i = 2; i * i <= n; i++) if (n % i === 0) return false;
    return true;
  };
  const primes = Array.from({ length: 312 }, (_, i) => i).filter((n) => n > 1 && prime(n));
  const fraction = (x) => ((x - Math.floor(x)) * 4294967296) | 0;
  const ROUNDS = Int32Array.from(primes.slice(0, 64), (n) => fraction(Math.cbrt(n)));
  const START = primes.slice(0, 8).map((n) => fraction(Math.sqrt(n)));
  const turn = (x, by) => (x >>> by) | (x << (32 - by));

  function mix(state, view, at, w) {
    for (let i = 0; i < 16; i++) w[i] = view.getInt32(at + 4 * i);
    for (let i = 16; i < 64; i++) {
      const s0 = turn(w[i - 15], 7) ^ turn(w[i - 15], 18) ^ (w[i - 15] >>> 3);
      const s1 = turn(w[i - 2], 17) ^ turn(w[i - 2], 19) ^ (w[i - 2] >>> 10);
      w[i] = w[i - 16] + s0 + w[i - 7] + s1;
    }
    let [a, b, c, d, e, f, g, h] = state;
    for (let i = 0; i < 64; i++) {
      const s1 = turn(e, 6) ^ turn(e, 11) ^ turn(e, 25);
      const t1 = (h + s1 + ((e & f) ^ (~e & g)) + ROUNDS[i] + w[i]) | 0;
      const s0 = turn(a, 2) ^ turn(a, 13) ^ turn(a, 22);
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
    let state = START;
    for (let at = 0; at < padded.length; at += 64) state = mix(state, view, at, w);
    view.setUint32(0, 0);
    const digest = new DataView(new ArrayBuffer(32));
    state.forEach((word, i) => digest.setInt32(4 * i, word));
    return Array.from(new Uint8Array(digest.buffer));
  }

  const utf8 = (text) => {
    const octets = encodeURIComponent(text).match(/%..|[^]/g) || [];
    return octets.map((o) => (o.length > 1 ? parseInt(o.slice(1), 16) : o.charCodeAt(0)));
  };

  function spell(digest, spelling) {
    if (spelling === 'hex') return digest.map((b) => (b + 256).toString(16).slice(1)).join('');
    if (spelling !== 'base64url') throw new TypeError('Unknown digest encoding: ' + spelling);
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
      digest: (spelling) => spell(finish(bytes), spelling)
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
        current.wanted = String(name);
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

// Starts one request. `query` is what rawQueryString() answers.
function begin(event, query) {
  const run = {};
  current = run;
  event.request.rawQueryString = () => (query === null ? undefined : query);
  new Promise((resolve) => resolve(handler(event))).then(
    (answer) => {
      run.answer = answer === undefined ? null : answer;
    },
    (error) => {
      run.error = String(error);
    }
  );
  return state();
}

// Gives the KeyValueStore's answer to the key that is wanted; null: there is no such key.
function found(text) {
  const run = current;
  run.wanted = undefined;
  if (text === null) run.reject(new Error('KeyNotFound'));
  else run.resolve(text);
}

function state() {
  return JSON.stringify({ wanted: current.wanted, answer: current.answer, error: current.error });
}
