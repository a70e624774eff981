/** Sizes and times as people read them. */

/** `48.2 KB` of 48,211 bytes. */
export function fileSize(bytes: number): string {
  if (bytes < 1_000) return `${bytes} B`;
  if (bytes < 1_000_000) return `${(bytes / 1_000).toFixed(1)} KB`;
  if (bytes < 1_000_000_000) return `${(bytes / 1_000_000).toFixed(1)} MB`;
  return `${(bytes / 1_000_000_000).toFixed(1)} GB`;
}

/** A day with its time; nothing for what is no time. */
export function shownTime(time: string): string {
  return shown(time, (at) => at.toLocaleString(undefined, { dateStyle: "medium", timeStyle: "short" }));
}

export function shownDay(time: string): string {
  return shown(time, (at) => at.toLocaleDateString(undefined, { dateStyle: "medium" }));
}

/** The hour and minute of a time of today. */
export function clockTime(time: string | number): string {
  return shown(time, (at) => at.toLocaleTimeString(undefined, { hour: "2-digit", minute: "2-digit" }));
}

function shown(time: string | number, write: (at: Date) => string): string {
  const at = new Date(time);
  return Number.isNaN(at.getTime()) ? "" : write(at);
}
