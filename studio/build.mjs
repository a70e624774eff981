// Builds the studio's page into functions/api/static/studio: equal sources give equal bytes.
//   node build.mjs        the page
//   node build.mjs test   the tests of test/, for node --test
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import * as esbuild from "esbuild";
import { licenses } from "./licenses.mjs";

const root = dirname(fileURLToPath(import.meta.url));
const output = join(root, "../functions/api/static/studio");
const STYLES = ["tokens", "base", "shell", "canvas", "panels", "screens", "usage"];
const SHARED_USAGE_STYLES = ["tokens", "base", "usage"]; // of the page behind a link that shows usage
const APP = "src/main.tsx";
const LATER_PARTS = ["src/panels/index.ts", "src/screens/all.ts"];
// Loaded when the JSON drawer opens. It shares no module with the app, so it is a file of its own.
const JSON_EDITOR = "src/panels/json_editor.ts";

const options = {
  absWorkingDir: root,
  bundle: true,
  write: false,
  preserveSymlinks: true, // names of files must not depend on where node_modules really is
  format: "esm",
  target: ["chrome123", "firefox128", "safari17.5"],
  charset: "utf8",
  legalComments: "none",
  minify: true,
  jsx: "automatic",
  jsxImportSource: "preact",
  define: { "process.env.NODE_ENV": '"production"' },
};

async function bundle(extra) {
  const result = await esbuild.build({ ...options, ...extra });
  return Buffer.from(result.outputFiles[0].contents);
}

/**
 * The app in parts: what the editor needs, and what is fetched when a dialog or another screen opens.
 *
 * Each part imports the app, from which it has all modules that both use. So these are one file, and
 * the page's script is that file, not the entry that would only import it.
 */
async function bundleApp(jsonFile) {
  const { outputFiles, metafile } = await esbuild.build({
    ...options,
    entryPoints: { app: APP },
    plugins: [externalJsonEditor(jsonFile), importingTheApp()],
    splitting: true,
    metafile: true,
    outdir: "parts",
    entryNames: "[name].[hash]",
    chunkNames: "[name].[hash]",
  });
  const made = Object.entries(metafile.outputs);
  const [entry, { imports }] = made.find(([, part]) => part.entryPoint === APP);
  const [{ path: app }, ...others] = imports.filter((each) => each.kind === "import-statement");
  if (others.length > 0 || !(APP in metafile.outputs[app].inputs)) throw new Error("The app is more than one file.");
  const bytesOf = (path) => outputFiles.find((file) => relative(root, file.path) === path).contents;
  return made
    .filter(([path]) => path !== entry)
    .map(([path]) => ({ name: path.replace(/^parts\//, ""), bytes: Buffer.from(bytesOf(path)), isApp: path === app }));
}

function importingTheApp() {
  return {
    name: "importing-the-app",
    setup(build) {
      build.onLoad({ filter: /\.tsx?$/ }, ({ path }) => {
        if (!LATER_PARTS.includes(relative(root, path))) return undefined;
        const app = relative(dirname(path), join(root, APP));
        return { contents: `import "${app}";\n${readFileSync(path, "utf8")}`, loader: "ts" };
      });
    },
  };
}

function hashed(name, extension, bytes) {
  const hash = createHash("sha256").update(bytes).digest("hex").slice(0, 12);
  return `${name}.${hash}.${extension}`;
}

function externalJsonEditor(file) {
  return {
    name: "json-editor",
    setup(build) {
      build.onResolve({ filter: /json_editor(\.ts)?$/ }, (args) =>
        args.kind === "dynamic-import" ? { path: `./${file}`, external: true } : undefined,
      );
    },
  };
}

function filesBelow(folder) {
  return readdirSync(join(root, folder), { withFileTypes: true }).flatMap((entry) => {
    const path = `${folder}/${entry.name}`;
    return entry.isDirectory() ? filesBelow(path) : [path];
  });
}

/** One line a source file, as sha256sum writes it: tells whether the built page is up to date. */
function sources() {
  const single = ["build.mjs", "index.html", "licenses.mjs", "package-lock.json", "package.json", "tsconfig.json"];
  const files = [...single, ...filesBelow("src"), ...filesBelow("style")].sort();
  const line = (file) =>
    `${createHash("sha256").update(readFileSync(join(root, file))).digest("hex")}  ${file}\n`;
  return files.map(line).join("");
}

function bundleStyles(names) {
  const sheets = names.map((name) => `style/${name}.css`).filter((file) => existsSync(join(root, file)));
  const contents = sheets.map((file) => `@import "./${file}";`).join("\n");
  return bundle({ stdin: { contents, loader: "css", resolveDir: root } });
}

async function buildPage() {
  const files = new Map();
  let jsonFile = "json.js";
  if (existsSync(join(root, JSON_EDITOR))) {
    const bytes = await bundle({ entryPoints: [JSON_EDITOR] });
    jsonFile = hashed("json", "js", bytes);
    files.set(jsonFile, bytes);
  }
  const parts = await bundleApp(jsonFile);
  const style = await bundleStyles(STYLES);
  const styleFile = hashed("style", "css", style);
  const sharedStyle = await bundleStyles(SHARED_USAGE_STYLES);
  for (const { name, bytes } of parts) files.set(name, bytes);
  files.set(styleFile, style).set(hashed("usage", "css", sharedStyle), sharedStyle);
  const page = readFileSync(join(root, "index.html"), "utf8");
  const app = parts.find((part) => part.isApp);
  const html = page.replace("STYLE_NAME", styleFile).replace("APP_NAME", app.name);
  files.set("licenses.txt", Buffer.from(licenses(root)));
  files.set("index.html", Buffer.from(html)).set("SOURCES", Buffer.from(sources()));
  rmSync(output, { recursive: true, force: true });
  mkdirSync(output, { recursive: true });
  for (const [name, bytes] of files) writeFileSync(join(output, name), bytes);
  for (const [name, bytes] of files) console.log(`${relative(process.cwd(), output)}/${name} ${bytes.length}`);
}

async function buildTests() {
  const target = join(root, "build/test");
  rmSync(target, { recursive: true, force: true });
  const entryPoints = filesBelow("test").filter((file) => file.endsWith(".test.ts"));
  await esbuild.build({
    ...options,
    write: true,
    minify: false,
    platform: "node",
    target: "node20",
    mainFields: ["module", "main"],
    sourcemap: "inline",
    entryPoints,
    outdir: target,
    outExtension: { ".js": ".mjs" },
  });
}

await (process.argv[2] === "test" ? buildTests() : buildPage());
