/** Stores the people picked from a table in this browser (IndexedDB), until they are deleted. */

import type { Editor, Person } from "../../editor/store";
import { BrowserDatabase } from "../../server/browser_database";

const STORE = "people";
const database = new BrowserDatabase("postcard-studio-people", { [STORE]: {} });
const MOST_PEOPLE = 24;

/** Adds people to the strip and keeps them with the template's id. */
export async function addPeople(editor: Editor, people: readonly Person[]): Promise<void> {
  const known = editor.people.peek();
  const labels = new Set(people.map((person) => person.label));
  const kept = [...known.filter((person) => !labels.has(person.label)), ...people].slice(-MOST_PEOPLE);
  editor.people.value = kept;
  editor.person.value = kept.indexOf(people[0] as Person);
  await write(editor.templateId, kept);
}

/** Brings back the people of a template. */
export async function loadPeople(editor: Editor): Promise<void> {
  const kept = await run<readonly Person[]>("readonly", (store) => store.get(editor.templateId));
  if (kept && editor.people.peek().length === 0) editor.people.value = kept;
}

/** Deletes the people of a template. */
export async function forgetPeople(editor: Editor): Promise<void> {
  editor.people.value = [];
  editor.person.value = -1;
  await write(editor.templateId, []);
}

async function write(id: string, people: readonly Person[]): Promise<void> {
  await run("readwrite", (store) => (people.length ? store.put(people, id) : store.delete(id)));
}

/** Undefined where the browser keeps nothing, as in a private window. */
function run<T>(mode: IDBTransactionMode, step: (store: IDBObjectStore) => IDBRequest): Promise<T | undefined> {
  return database.run(STORE, mode, step).catch(() => undefined);
}
