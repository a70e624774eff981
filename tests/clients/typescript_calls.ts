// Calls the API with the generated types: `node typescript_calls.js URL KEY`.
import createClient from "openapi-fetch";
import type { components, paths } from "./api.js";

type Template = components["schemas"]["TemplateSummary"];
declare const process: { argv: string[] };
const [baseUrl, key] = process.argv.slice(2);
const api = createClient<paths>({ baseUrl, headers: { Authorization: `Bearer ${key}` } });
const document = {
  width: 60,
  height: 30,
  fields: { name: { default: "there", max_length: 10 } },
  layers: [{ type: "text", text: "{{ name }}" }],
};

function must<T>(value: T | undefined | null, what: unknown): T {
  if (value === undefined || value === null) throw new Error(JSON.stringify(what));
  return value;
}
function check(right: boolean, what: unknown): void {
  if (!right) throw new Error(JSON.stringify(what));
}

const created = await api.POST("/v1/templates", { body: document });
const template_id = must(created.data, created.error).id;

const image = await api.POST("/v1/images", {
  body: { template_id, modifications: [{ name: "name", text: "Zoë" }], format: "png", dpr: 1.5 },
});
check(must(image.data, image.error).width === 90, image.data);

const link = await api.POST("/v1/links", { body: { template_id, template_version: "latest" } });
check(must(link.data, link.error).template_version === "latest", link.data);

const listed = await api.GET("/v1/templates", { params: { query: { limit: 200 } } });
const all = must(listed.data, listed.error).items;
let pages: Template[] = [];
let cursor: string | null = null;
do {
  const query: { limit: number; cursor?: string | null } = cursor ? { limit: 3, cursor } : { limit: 3 };
  const page = await api.GET("/v1/templates", { params: { query } });
  const data: components["schemas"]["TemplateList"] = must(page.data, page.error);
  pages = pages.concat(data.items);
  cursor = data.next_cursor;
} while (cursor !== null);
check(JSON.stringify(pages) === JSON.stringify(all), pages);

const shown = await api.POST("/v1/previews", {
  params: { header: { Accept: "application/json" } },
  body: { document },
});
const preview = must(shown.data, shown.error) as components["schemas"]["PreviewResponse"];
check(preview.boxes[0].pointer === "/layers/0", preview);
const picture = await api.POST("/v1/previews", { body: { document }, parseAs: "arrayBuffer" });
check(must(picture.data, picture.error).byteLength > 100, "picture");

const refused = await api.POST("/v1/images", {
  body: { template_id, modifications: [{ name: "nmae", text: "x" }] },
});
check(must(refused.error, refused.data).code === "unknown_name", refused.error);
check(refused.error?.errors?.[0].pointer === "/modifications/0/name", refused.error);
console.log("TypeScript: create, mint, list, page, preview and error work.");
