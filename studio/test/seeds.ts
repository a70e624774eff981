/** The seed templates, and random numbers that are the same in each run. */
import { readFileSync, readdirSync } from "node:fs";

const FOLDER = "../local/seed";

export const seeds: { name: string; text: string }[] = readdirSync(FOLDER)
  .filter((name) => name.endsWith(".json"))
  .sort()
  .map((name) => ({ name, text: readFileSync(`${FOLDER}/${name}`, "utf8") }));

export function seed(name: string): string {
  return readFileSync(`${FOLDER}/${name}.json`, "utf8");
}

export class Random {
  constructor(private state: number) {}

  next(): number {
    this.state = (this.state + 0x6d2b79f5) | 0;
    let t = Math.imul(this.state ^ (this.state >>> 15), 1 | this.state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  }

  below(bound: number): number {
    return Math.floor(this.next() * bound);
  }

  pick<T>(items: readonly T[]): T {
    return items[this.below(items.length)] as T;
  }
}
