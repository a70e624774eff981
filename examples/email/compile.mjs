// Compiles each MJML file of this folder to HTML: `make email-examples`, which installs mjml.
import { readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';

const folder = new URL('.', import.meta.url);
const require = createRequire(new URL('../../requirements/mjml/', import.meta.url));
const mjml2html = require('mjml');

export async function compiled(name) {
  const source = readFileSync(new URL(name, folder), 'utf8');
  const { html } = await (mjml2html.default || mjml2html)(source, { validationLevel: 'strict' });
  return html.split('\n').map((line) => line.trimEnd()).filter((line) => line).join('\n') + '\n';
}

const check = process.argv[2] === '--check';
for (const name of readdirSync(folder).filter((file) => file.endsWith('.mjml'))) {
  const target = new URL(name.replace(/mjml$/, 'html'), folder);
  const html = await compiled(name);
  if (!check) writeFileSync(target, html);
  else if (readFileSync(target, 'utf8') !== html) {
    console.error(`${name} is newer than its HTML: run make email-examples.`);
    process.exitCode = 1;
  }
}
