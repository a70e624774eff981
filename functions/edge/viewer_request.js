// Runs on each viewer request (CloudFront Functions, runtime 2.0, at most 10 KB): verifies a link's
// signature, on cache hits too, and rewrites the link to its cache path. Specified in
// docs/contract/links.md; postcard/links does the same in Python. `make stack` copies it into
// template.yaml without its comments and indentation.
//
//   /r/welcome.png?_v=3&...&_sig=...  ->  /renders/{epoch}/welcome/3/{digest}.png
//   the same without _v               ->  /renders/{epoch}/welcome/live/{digest}.png
//   the same past its _exp            ->  /renders/{epoch}/welcome/ended/{digest}.png
//   /c/spring/welcome.png?...         ->  the path of /r/welcome.png?...
//   /i/img_....png                    ->  /images/img_....png
//   malformed 400, wrong signature 403, other methods 405, all else 404

import cf from 'cloudfront';
import crypto from 'crypto';

const LINK = /^\/(?:r|c\/[a-z0-9-]{1,32})\/([a-z0-9][a-z0-9_-]{0,63})\.(png|jpg|webp|avif|gif)$/;
const IMAGE = /^\/i\/img_([a-z2-7]{16})([a-z2-7]{10})\.(png|jpg|webp|avif|gif)$/;
const FIELD = /^[a-z][a-z0-9_]{0,63}(\.[a-z][a-z0-9_]{0,63})?$/;
const UNFILLED = /^%(%?)[A-Za-z][A-Za-z0-9_]{0,63}\1%$/;
// A UTF-8 sequence by its first byte, a single escape, or a character.
const UTF8 = /%[cd].%[89ab].|%e.(?:%[89ab].){2}|%f.(?:%[89ab].){3}|%..|[^%]/gi;
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
  _m: /^[ura]$/,
  _open: /^[a-z][a-z0-9_]{0,63}(,[a-z][a-z0-9_]{0,63})*$/,
  _kid: /^[a-z0-9]{1,16}$/
};
// The bytes 80 to 9F of Windows-1252, as browsers read them.
const WINDOWS_1252 = '€\x81‚ƒ„…†‡ˆ‰Š‹Œ\x8dŽ\x8f\x90‘’“”•–—˜™š›œ\x9džŸ';
const STATUS = { 400: 'Bad Request', 403: 'Forbidden', 404: 'Not Found', 405: 'Method Not Allowed' };
const HELP = '. Try "postcard verify" and see docs/troubleshooting.md\n';

async function handler(event) {
  try {
    const request = event.request;
    const link = match(LINK, request.uri);
    const image = match(IMAGE, request.uri);
    if (!link && !image) throw /^\/[rc]\//.test(request.uri) ? 'the path' : 404;
    if (request.method !== 'GET' && request.method !== 'HEAD') throw 405;

    // request.querystring has lost the order, which has a meaning.
    const read = link && readLink(link[0], request.rawQueryString() || '');
    const keys = await readKeys();
    return read ? forwardLink(request, link, read, keys) : forward(request, addressOfImage(image, keys));
  } catch (error) {
    return respond(error);
  }
}

// A thrown number is the status; a thrown text is what is wrong in a malformed link.
function respond(error) {
  const status = typeof error === 'number' ? error : 400;
  const headers = { 'cache-control': { value: 'no-store' }, 'content-type': { value: 'text/plain' } };
  if (status === 405) headers.allow = { value: 'GET, HEAD' };
  const wrong = status === 403 ? '_sig or _kid' : typeof error === 'string' ? error : '';
  return {
    statusCode: status,
    statusDescription: STATUS[status],
    headers: headers,
    body: { encoding: 'text', data: STATUS[status] + (wrong && ': ' + wrong + ' is wrong') + HELP }
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

function forwardLink(request, link, read, keys) {
  if (!keys) {
    // The Lambda verifies the signature; its response is not cached.
    build(read, read.omissible);
    const hash = crypto.createHash('sha256').update(read.url).digest('hex');
    return forward(request, cachePath('0', link, 'unverified', hash), read.url);
  }
  if (!isSigned(read, keys)) {
    omit(read);
    if (!isSigned(read, keys)) throw read.late || 403;
  }
  const values = read.values;
  const ended = Date.now() >= Number(values._exp) * 1000; // never, without _exp: NaN
  const inDigest = ended ? /^_[vwdq]=/ : /^(?!_(kid|open|c|m)=)/;
  const lines = read.signed.concat(read.opened).filter((line) => inDigest.test(line)).sort();
  const path = '/r/' + link[1] + '.' + link[2]; // links of all campaigns share the picture
  const digest = hmac(keys.address, ['postcard-address-v1', path].concat(lines), 'hex');
  const kind = ended ? 'ended' : values._v || 'live';
  return forward(request, cachePath(keys.epoch, link, kind, digest), read.url);
}

function cachePath(epoch, link, kind, digest) {
  return ['/renders', epoch, link[1], kind, digest].join('/') + '.' + link[2];
}

// The last ten characters are a checksum. Without keys all ids pass: the Lambda looks them up.
function addressOfImage(image, keys) {
  if (keys && !same(base32(hmac(keys.images, [image[1]], 'hex'), 10), image[2])) throw 404;
  return image[0].replace('/i/', '/images/');
}

// Either spelling of the MAC is compared as text. An unknown key takes as long as a known one.
function isSigned(read, keys) {
  const known = has(keys.signing, read.values._kid);
  const key = known ? keys.signing[read.values._kid] : '0';
  const signature = read.values._sig || '';
  const spelling = signature.length === 64 ? 'hex' : 'base64url';
  const right = hmac(key, ['postcard-link-v1', read.path].concat(read.signed), spelling);
  return same(right, signature) && known;
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

// `signed` and `opened` are the encoded parameters, sorted; `url` is the canonical link; `omissible`
// names what may be left out: fields appended behind the signature, inserted values.
function readLink(path, query) {
  const escaped = encodeURIComponent(query); // %XX is a byte
  const bytes = escaped.length - 2 * (escaped.split('%').length - 1);
  const values = Object.create(null);
  const read = { path: path, values: values, omissible: [] };
  readParts(query.slice(0, 3000).split('&').map(withoutAmp), read);
  must((bytes <= 3000 && query.split('&').length <= 32) || values._m, 'the length');
  must('_kid' in values, '_kid');
  must(values._open ? '_sig' in values : !values._m, '_open');

  openNames(values).forEach((name) => {
    if (!values[name]) delete values[name];
  });
  build(read, []);
  if (read.url.length > (values._m ? 3000 : 4096)) omit(read);
  must(read.url.length <= 4096, 'the length');
  return read;
}

function openNames(values) {
  return (values._open || '').split(',');
}

// The open fields and those in `last` are behind the signature.
function build(read, last) {
  const values = read.values;
  const behind = openNames(values).concat(last);
  const signed = [];
  const opened = [];
  Object.keys(values).forEach((name) => {
    const lines = behind.indexOf(name) < 0 ? signed : opened;
    if (name !== '_sig') lines.push(name + '=' + encode(values[name]));
  });
  const signature = '_sig=' + encode(values._sig || '');
  const lines = signed.sort().concat(signature, opened.sort(), values._m ? '_end=(' : []);
  read.signed = signed;
  read.opened = opened;
  read.url = read.path + '?' + lines.join('&');
}

function omit(read) {
  read.omissible.forEach((name) => {
    delete read.values[name];
  });
  build(read, []);
}

function readParts(parts, read) {
  const values = read.values;
  for (let i = 0; i < parts.length; i++) {
    if (!parts[i]) continue;
    must(i < 32, 'the length');
    const raw = nameOf(parts[i]);
    let name = raw;
    let value;
    try {
      if (!isDropped(raw)) name = decode(raw);
      value = decode(parts[i].slice(raw.length + 1));
    } catch (error) {} // malformed: without a value
    if (isDropped(name)) continue;
    const signed = '_sig' in values;
    const appended = signed && !(name in values) && !has(RESERVED, name);
    if (appended && (value === undefined || !match(FIELD, name))) continue;
    const known = name === '_sig' || has(RESERVED, name) || match(FIELD, name);
    const what = known ? name : 'part ' + (i + 1) + ' of the query';
    must(known && value !== undefined && !(name in values) && !(name === '_open' && signed), what);
    must(!has(RESERVED, name) || isReserved(name, value), what);
    values[name] = value;
    if (appended) read.omissible.push(name);
    else if (signed) read.late = name;
    if (name === '_sig' && values._open) {
      readOpenPart(parts.slice(i + 1), read);
      break;
    }
  }
}

function isReserved(name, value) {
  const names = value.split(','); // one, but for _open
  return match(RESERVED[name], value) && names.every((one, i) => i === 0 || names[i - 1] < one);
}

// The open fields of a merge link: platforms insert raw text, so nothing is an error. With _m the
// link ends with `_end=(`. Without that it was cut, and the value before the cut is not used.
function readOpenPart(parts, read) {
  const values = read.values;
  const mode = values._m;
  const end = mode ? parts.map(nameOf).indexOf('_end') : -1;
  // Software that parsed the query and wrote it again spells it `_end=%28`.
  const rewritten = end >= 0 && parts[end].indexOf('_end=%28') === 0;
  const waiting = openNames(values).filter((name) => !(name in values));
  const inserted = Object.create(null);
  let current = '';
  (end < 0 ? parts : parts.slice(0, end)).forEach((part) => {
    const name = nameOf(part);
    const place = name === part ? -1 : waiting.indexOf(name);
    if (place >= 0) {
      waiting.splice(place, 1);
      current = name;
      inserted[name] = part.slice(name.length + 1);
    } else if (current && (mode || (part && !isDropped(name)))) {
      inserted[current] += '&' + (rewritten ? part.replace(/=(?![\s\S])/, '') : part);
    }
  });
  if (mode && end < 0) delete inserted[current];
  Object.keys(inserted).forEach((name) => {
    values[name] = decodeInserted(inserted[name], rewritten ? 'u' : mode);
    if (mode) read.omissible.push(name);
  });
}

function withoutAmp(part) {
  return part.replace(/^(amp(;|%3b))+/i, '');
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

// Mode u: the platform URL-encodes; r: it inserts raw text; a: unknown; undefined: without _m.
function decodeInserted(text, mode) {
  if (match(UNFILLED, text)) return text;
  if (mode !== 'r' && (mode !== 'a' || !/ |%20/.test(text))) text = text.split('+').join(' ');
  // Nobody escapes letters and digits.
  if (mode === 'r') text = text.replace(/%(?=3\d|[46][1-9a-f]|[57][\da])/gi, '%25');
  text = text.replace(/%(?![\da-f]{2})/gi, '%25');
  try {
    return decodeURIComponent(text);
  } catch (error) {} // bytes that are not UTF-8
  let wide = /[^\x00-\x7f]/.test(text);
  const tokens = text.match(UTF8).map((token) => {
    if (token.length < 4 && token >= '%8') return token; // a stray byte, or no escape
    try {
      const character = decodeURIComponent(token);
      wide = wide || token.length > 3;
      return character;
    } catch (error) {
      return token;
    }
  });
  if (wide) return tokens.join('');
  return tokens
    .map((token, i) => {
      const hex = token.slice(1);
      const mixed = hex !== hex.toUpperCase() && hex !== hex.toLowerCase();
      if (token.length !== 3 || mixed || /^[\d%]$/.test(tokens[i - 1])) return token;
      const byte = parseInt(hex, 16);
      return byte >> 5 === 4 ? WINDOWS_1252.charAt(byte & 31) : String.fromCharCode(byte);
    })
    .join('');
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

function must(condition, what) {
  if (!condition) throw what;
}
