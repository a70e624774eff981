// The licences of the packages whose code is in the page: they ask to go along with it.
import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";

const FILE = /^(licen[cs]e|copying|notice)(\.(md|txt))?$/i;

/** One text for all packages that the page depends on, by name; equal packages give equal bytes. */
export function licenses(root) {
  const { packages } = JSON.parse(readFileSync(join(root, "package-lock.json"), "utf8"));
  const bundled = Object.entries(packages).filter(([path, { dev }]) => path !== "" && !dev);
  const sections = bundled.sort(([a], [b]) => (a < b ? -1 : 1)).map(([path, { version }]) => section(root, path, version));
  return `The pages of the studio contain code of these packages.\n\n${sections.join("\n")}`;
}

function section(root, path, version) {
  const name = path.replace(/^.*node_modules\//, "");
  const files = readdirSync(join(root, path)).filter((file) => FILE.test(file)).sort();
  if (files.length === 0) throw new Error(`The package ${name} has no file with its licence.`);
  const texts = files.map((file) => readFileSync(join(root, path, file), "utf8").replace(/\r\n/g, "\n").trim());
  const title = `${name} ${version}`;
  return `${title}\n${"=".repeat(title.length)}\n\n${texts.join("\n\n")}\n`;
}
