// Template engines and HTML parsers in JavaScript. The folder with their packages is the argument.
// Each line of standard input is a question in JSON, each line of standard output its answer.
import { createRequire } from 'node:module';
import { createInterface } from 'node:readline';

const require = createRequire(process.argv[2] + '/');
const Handlebars = require('handlebars');
const Mustache = require('mustache');
const mandrillHelpers = require('mandrill-template-helpers');
const { parse } = require('parse5');
const { Parser } = require('htmlparser2');

const text = (value) => (value === undefined || value === null ? '' : String(value));
const hex = (character) => '%' + character.charCodeAt(0).toString(16).toUpperCase();
// As URLEncoder of Java writes: a space is +, and ! ' ( ) ~ are escaped.
const formEncoded = (value) => encodeURIComponent(text(value)).replace(/%20/g, '+').replace(/[!'()~]/g, hex);

function handlebars(helpers) {
  const engine = Handlebars.create();
  engine.registerHelper(helpers);
  return (template, people) => people.map(engine.compile(template));
}

const ENGINES = {
  'iterable Handlebars': handlebars({
    urlEncode(options) { return new Handlebars.SafeString(formEncoded(options.fn(this))); },
    defaultIfEmpty: (value, other) => text(value) || other,
  }),
  'salesforce_next Handlebars, space as +': handlebars({ encodeURIComponent: formEncoded }),
  'salesforce_next Handlebars, space as %20': handlebars({
    encodeURIComponent: (value) => encodeURIComponent(text(value)),
  }),
  'salesforce_next Handlebars, not encoded': handlebars({ encodeURIComponent: text }),
  'sendgrid Handlebars': handlebars({}),
  "mandrill Handlebars with Mandrill's helpers": handlebars(mandrillHelpers),
  'mailgun Handlebars': handlebars({}),
  'postmark Mustache': (template, people) => people.map((person) => Mustache.render(template, person)),
};

const OUTSIDE = new Set(['html', 'head', 'body']);

function parsedByParse5(mail) {
  const found = [];
  const walk = (node) => {
    if (node.tagName && !OUTSIDE.has(node.tagName)) {
      found.push([node.tagName, Object.fromEntries(node.attrs.map((one) => [one.name, one.value]))]);
    }
    (node.childNodes || []).forEach(walk);
  };
  walk(parse(mail));
  return found;
}

function parsedByHtmlparser2(mail) {
  const found = [];
  const onopentag = (name, attributes) => OUTSIDE.has(name) || found.push([name, attributes]);
  new Parser({ onopentag }).end(mail);
  return found;
}

const PARSERS = { parse5: parsedByParse5, htmlparser2: parsedByHtmlparser2 };

createInterface({ input: process.stdin }).on('line', (line) => {
  const { engine, template, people, parser, mails } = JSON.parse(line);
  const answer = engine ? ENGINES[engine](template, people) : mails.map(PARSERS[parser]);
  process.stdout.write(JSON.stringify(answer) + '\n');
});
