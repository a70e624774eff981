// Runs on each viewer request (CloudFront Functions, runtime 2.0, at most 10 KB): verifies a link's
// signature, on cache hits too, and rewrites the link to its cache path. Specified in
// docs/contract/links.md; postcard/links does the same in Python.
//
//   /r/welcome.png?_v=3&...&_sig=...  ->  /renders/{epoch}/welcome/3/{digest}.png
//   the same without _v               ->  /renders/{epoch}/welcome/live/{digest}.png
//   the same past its _exp            ->  /renders/{epoch}/welcome/ended/{digest}.png
//   /i/img_....png                    ->  /images/img_....png
//   malformed 400, wrong signature 403, other methods 405, all else 404

import cf from 'cloudfront';
import crypto from 'crypto';

const LINK = /^\/r\/([a-z0-9][a-z0-9_-]{0,63})\.(png|jpg|webp|avif|gif)$/;
const IMAGE = /^\/i\/img_([a-z2-7]{16})([a-z2-7]{10})\.(png|jpg|webp|avif|gif)$/;
const FIELD = /^[a-z][a-z0-9_]{0,63}(\.[a-z][a-z0-9_]{0,63})?$/;
const UNFILLED = /^%(%?)[A-Za-z][A-Za-z0-9_]{0,63}\1%$/;
const DROPPED = (
  'fbclid gclid msclkid mc_cid mc_eid mkt_tok _kx _ke _hsenc _hsmi _ga _gl _bta_tid _bta_c'
).split(' ');
const RESERVED = {
  _v: /^[1-9][0-9]{0,5}$/,
  _w: /^([1-9][0-9]{0,2}|[1-4][0-9]{3}|5000)$/,
  _d: /^(1|1\.5|2|3)$/,
  _q: /^([1-9][0-9]?|100)$/,
  _exp: /^[1-9][0-9]{9}$/,
  _c: /^[a-z0-9-]{1,32}$/,
  _open: /^[a-z][a-z0-9_]{0,63}(,[a-z][a-z0-9_]{0,63})*$/,
  _kid: /^[a-z0-9]{1,16}$/
};
// The bytes 80 to 9F of Windows-1252, as browsers read them.
const WINDOWS_1252 = '€\x81‚ƒ„…†‡ˆ‰Š‹Œ\x8dŽ\x8f\x90‘’“”•–—˜™š›œ\x9džŸ';
const STATUS = { 400: 'Bad Request', 403: 'Forbidden', 404: 'Not Found', 405: 'Method Not Allowed' };

async function handler(event) {
  try {
    const request = event.request;
    const link = match(LINK, request.uri);
    const image = match(IMAGE, request.uri);
    if (!link && !image) return respond(request.uri.indexOf('/r/') === 0 ? 400 : 404);
    if (request.method !== 'GET' && request.method !== 'HEAD') return respond(405);

    // request.querystring has lost the order, which has a meaning.
    const read = link && readLink(link[0], request.rawQueryString() || '');
    const keys = await readKeys();
    if (read) return forward(request, addressOfLink(link, read, keys), read.canonical);
    return forward(request, addressOfImage(image, keys), '');
  } catch (error) {
    return respond(typeof error === 'number' ? error : 400);
  }
}

function respond(status) {
  const headers = { 'cache-control': { value: 'no-store' }, 'content-type': { value: 'text/plain' } };
  if (status === 405) headers.allow = { value: 'GET, HEAD' };
  return {
    statusCode: status,
    statusDescription: STATUS[status],
    headers: headers,
    body: { encoding: 'text', data: STATUS[status] }
  };
}

// The path alone is the cache key. S3 acts on query strings, so none is passed on.
function forward(request, uri, canonical) {
  Object.keys(request.headers).forEach((name) => {
    if (/^x-postcard-/i.test(name)) delete request.headers[name];
  });
  if (canonical) request.headers['x-postcard-link'] = { value: canonical };
  request.uri = uri;
  request.querystring = {};
  return request;
}

// The entry `postcard` of the KeyValueStore; null if it cannot be read.
async function readKeys() {
  try {
    const text = await cf.kvs().get('postcard'); // never await among arguments
    const keys = JSON.parse(text);
    return keys.epoch > 0 && keys.signing && keys.address && keys.images ? keys : null;
  } catch (error) {
    return null;
  }
}

// --- cache paths; a thrown number is the response's status

function addressOfLink(link, read, keys) {
  if (!keys) {
    // The Lambda verifies the signature; its response is not cached.
    const hash = crypto.createHash('sha256').update(read.canonical).digest('hex');
    return ['/renders/0', link[1], 'unverified', hash].join('/') + '.' + link[2];
  }
  if (!isSigned(link[0], read, keys)) throw 403;
  const ended = Date.now() >= Number(read.values._exp) * 1000; // never, without _exp: NaN
  const inDigest = ended ? /^_[vwdq]=/ : /^(?!_(kid|open|c)=)/;
  const lines = read.signed.concat(read.opened).filter((line) => inDigest.test(line)).sort();
  const digest = hmac(keys.address, ['postcard-address-v1', link[0]].concat(lines), 'hex');
  const version = ended ? 'ended' : read.values._v || 'live';
  return ['/renders', keys.epoch, link[1], version, digest].join('/') + '.' + link[2];
}

// The last ten characters are a checksum. Without keys all ids pass: the Lambda looks them up.
function addressOfImage(image, keys) {
  if (keys && !same(base32(hmac(keys.images, [image[1]], 'hex'), 10), image[2])) throw 404;
  return image[0].replace('/i/', '/images/');
}

// Either spelling of the MAC is compared as text. An unknown key takes as long as a known one.
function isSigned(path, read, keys) {
  const known = has(keys.signing, read.values._kid);
  const key = known ? keys.signing[read.values._kid] : '0';
  const spelling = read.signature.length === 64 ? 'hex' : 'base64url';
  const right = hmac(key, ['postcard-link-v1', path].concat(read.signed), spelling);
  return same(right, read.signature) && known;
}

// The key is the hex text, not the bytes that it encodes.
function hmac(key, lines, spelling) {
  return crypto.createHmac('sha256', key).update(lines.join('\n')).digest(spelling);
}

// In constant time.
function same(right, given) {
  let differences = right.length ^ given.length;
  for (let i = 0; i < right.length; i++) {
    differences |= right.charCodeAt(i) ^ given.charCodeAt(i);
  }
  return differences === 0;
}

function base32(hex, length) {
  let text = '';
  for (let i = 0; i < length; i++) {
    // Five bits lie within two hex digits.
    const two = parseInt(hex.substr((5 * i) >> 2, 2), 16);
    text += 'abcdefghijklmnopqrstuvwxyz234567'.charAt((two >> (3 - ((5 * i) & 3))) & 31);
  }
  return text;
}

// --- parsing a link; anything thrown that is no number is a 400

function readLink(path, query) {
  const parts = query.split('&');
  const escaped = encodeURIComponent(query); // %XX is a byte
  must(parts.length <= 32 && escaped.length - 2 * (escaped.split('%').length - 1) <= 3000);
  const values = readParts(parts.map(withoutAmp).filter((part) => part));
  must(has(values, '_kid') && (has(values, '_sig') || !has(values, '_open')));

  const open = (values._open || '').split(',');
  const signature = values._sig || '';
  const signed = [];
  const opened = [];
  Object.keys(values).forEach((name) => {
    const line = name + '=' + encode(values[name]);
    if (open.indexOf(name) < 0) {
      if (name !== '_sig') signed.push(line);
    } else if (values[name]) opened.push(line);
  });
  const lines = signed.sort().concat('_sig=' + encode(signature), opened.sort());
  const canonical = path + '?' + lines.join('&');
  must(canonical.length <= 4096);
  return { values: values, signature: signature, signed: signed, opened: opened, canonical: canonical };
}

function readParts(parts) {
  const values = Object.create(null);
  for (let i = 0; i < parts.length; i++) {
    const raw = nameOf(parts[i]);
    const name = isDropped(raw) ? raw : decode(raw);
    if (isDropped(name)) continue;
    const value = decode(parts[i].slice(raw.length + 1));
    must(!has(values, name) && !(name === '_open' && has(values, '_sig')));
    must(name === '_sig' || match(FIELD, name) || isReserved(name, value));
    values[name] = value;
    if (name === '_sig' && has(values, '_open')) {
      readInserted(parts.slice(i + 1), values);
      break;
    }
  }
  return values;
}

function isReserved(name, value) {
  const names = value.split(',');
  const sorted = names.every((field, i) => i === 0 || names[i - 1] < field);
  return has(RESERVED, name) && match(RESERVED[name], value) && (name !== '_open' || sorted);
}

// The open fields of a merge link: platforms insert raw text, so nothing is an error.
function readInserted(parts, values) {
  const waiting = values._open.split(',').filter((name) => !has(values, name));
  const pasted = Object.create(null);
  let current = '';
  parts.forEach((part) => {
    const name = nameOf(part);
    const place = name === part ? -1 : waiting.indexOf(name);
    if (place >= 0) {
      waiting.splice(place, 1);
      current = name;
      pasted[name] = part.slice(name.length + 1);
    } else if (current && !isDropped(name)) pasted[current] += '&' + part;
  });
  Object.keys(pasted).forEach((name) => {
    values[name] = decodeInserted(pasted[name]);
  });
}

function withoutAmp(part) {
  let at = 0;
  while (part.substr(at, 4) === 'amp;') at += 4;
  return part.slice(at);
}

function nameOf(part) {
  return part.split('=', 1)[0];
}

function isDropped(name) {
  return name.indexOf('utm_') === 0 || DROPPED.indexOf(name) >= 0;
}

// Throws for incomplete escapes and bytes that are not UTF-8.
function decode(text) {
  return decodeURIComponent(text.split('+').join(' '));
}

function decodeInserted(text) {
  if (match(UNFILLED, text)) return text;
  const escaped = text.split('+').join(' ').replace(/%(?![0-9A-Fa-f]{2})/g, '%25');
  try {
    return decodeURIComponent(escaped);
  } catch (error) {
    const octets = escaped.replace(/[^\x00-\x7f]+/g, encodeURIComponent);
    return octets.replace(/%(..)/g, (escape, hex) => {
      const byte = parseInt(hex, 16);
      return byte >> 5 === 4 ? WINDOWS_1252.charAt(byte & 31) : String.fromCharCode(byte);
    });
  }
}

function encode(text) {
  const escaped = encodeURIComponent(text);
  if (!/[!'()*]/.test(escaped)) return escaped;
  return escaped.replace(/[!'()*]/g, (c) => '%' + c.charCodeAt(0).toString(16).toUpperCase());
}

// In some engines `$` matches before a final newline; newlines are never valid.
function match(pattern, text) {
  return text.indexOf('\n') < 0 ? pattern.exec(text) : null;
}

function has(object, name) {
  return Object.prototype.hasOwnProperty.call(object, name);
}

function must(condition) {
  if (!condition) throw new Error('not a link');
}
