/** Reads a CSV file in slices, so that a large file does not block the page. */

export type Row = readonly string[];

const MAX_COLUMNS = 200;
const MAX_CELL = 20_000;
const DELIMITERS = [",", ";", "\t", "|"];

/** The file has no rows, too many columns, or is not text. */
export class CsvError extends Error {}

/** Parses CSV (RFC 4180); quoted cells may hold line breaks, lines end with CR LF, LF or CR. */
export class CsvParser {
  private cell = "";
  private row: string[] = [];
  private state: "start" | "plain" | "quoted" | "quote" = "start";
  private afterReturn = false;

  constructor(
    private readonly delimiter: string,
    private readonly onRow: (row: Row) => void,
  ) {}

  push(text: string): void {
    for (let at = 0; at < text.length; at++) {
      if (this.state === "quoted") at = this.quoted(text, at);
      else at = this.unquoted(text, at);
    }
  }

  end(): void {
    if (this.cell !== "" || this.row.length > 0 || this.state !== "start") this.endRow();
  }

  /** Takes text up to the next quotation mark; returns the index of the last character taken. */
  private quoted(text: string, at: number): number {
    const quote = text.indexOf('"', at);
    const end = quote < 0 ? text.length : quote;
    this.append(text.slice(at, end));
    if (quote >= 0) this.state = "quote";
    return end;
  }

  private unquoted(text: string, at: number): number {
    const character = text[at] as string;
    if (character === "\n" && this.afterReturn) {
      this.afterReturn = false;
      return at;
    }
    this.afterReturn = character === "\r";
    if (character === this.delimiter) this.endCell();
    else if (character === "\n" || character === "\r") this.endRow();
    else if (character === '"' && this.state === "quote") {
      this.append('"');
      this.state = "quoted";
    } else if (character === '"' && this.state === "start" && this.cell.trim() === "") {
      this.cell = "";
      this.state = "quoted";
    } else {
      if (character !== " ") this.state = "plain";
      this.append(character);
    }
    return at;
  }

  private append(text: string): void {
    if (this.cell.length < MAX_CELL) this.cell += text;
  }

  private endCell(): void {
    this.row.push(this.cell.trim());
    if (this.row.length > MAX_COLUMNS) throw new CsvError("columns");
    this.cell = "";
    this.state = "start";
  }

  private endRow(): void {
    this.endCell();
    const row = this.row;
    this.row = [];
    if (row.some((cell) => cell !== "")) this.onRow(row);
  }
}

/** The delimiter with which most of the first lines have the same number of cells. */
export function detectDelimiter(sample: string): string {
  const named = /^\ufeff?sep=(.)\r?\n/i.exec(sample)?.[1];
  if (named) return named;
  let best = { delimiter: ",", rows: 0, cells: 1 };
  for (const delimiter of DELIMITERS) {
    const counts = new Map<number, number>();
    const parser = new CsvParser(delimiter, (row) => {
      counts.set(row.length, (counts.get(row.length) ?? 0) + 1);
    });
    try {
      parser.push(sample);
    } catch {
      continue;
    }
    for (const [cells, rows] of counts) {
      if (cells > 1 && (rows > best.rows || (rows === best.rows && cells > best.cells))) {
        best = { delimiter, rows, cells };
      }
    }
  }
  return best.delimiter;
}

/** The encoding: by a byte order mark, else UTF-8 where it is valid, else Windows-1252. */
export function detectEncoding(bytes: Uint8Array): string {
  if (bytes[0] === 0xff && bytes[1] === 0xfe) return "utf-16le";
  if (bytes[0] === 0xfe && bytes[1] === 0xff) return "utf-16be";
  if (bytes[0] === 0x50 && bytes[1] === 0x4b) throw new CsvError("not_text");
  if (bytes.subarray(0, 4096).includes(0)) throw new CsvError("not_text");
  try {
    new TextDecoder("utf-8", { fatal: true }).decode(bytes, { stream: true });
    return "utf-8";
  } catch {
    return "windows-1252";
  }
}

export interface Slices {
  size: number;
  slice(start: number, end: number): { arrayBuffer(): Promise<ArrayBuffer> };
}

const SLICE = 256 * 1024;

/** Reads a file slice by slice; between slices the page can draw. Returns the number of rows. */
export async function readTable(
  file: Slices,
  onRow: (row: Row, header: Row) => void,
  onProgress: (share: number) => void = () => {},
): Promise<{ header: Row; rows: number }> {
  const first = new Uint8Array(await file.slice(0, SLICE).arrayBuffer());
  const decoder = new TextDecoder(detectEncoding(first));
  const sample = new TextDecoder(decoder.encoding).decode(first.subarray(0, 65_536), { stream: true });
  const delimiter = detectDelimiter(sample);
  let header: Row | undefined;
  let rows = 0;
  const parser = new CsvParser(delimiter, (row) => {
    if (header === undefined && /^sep=.?$/i.test(row.join(""))) return;
    if (header === undefined) {
      header = row;
      return;
    }
    rows++;
    onRow(row, header);
  });
  for (let start = 0; start < file.size; start += SLICE) {
    const bytes = start === 0 ? first : new Uint8Array(await file.slice(start, start + SLICE).arrayBuffer());
    parser.push(decoder.decode(bytes, { stream: true }));
    onProgress(Math.min(1, (start + SLICE) / file.size));
    await new Promise((resolve) => setTimeout(resolve, 0));
  }
  parser.push(decoder.decode());
  parser.end();
  if (header === undefined || rows === 0) throw new CsvError("no_rows");
  return { header, rows };
}
