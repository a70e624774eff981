/** Reads and writes colours as the contract has them. */

export interface Rgba {
  red: number;
  green: number;
  blue: number;
  /** 0 to 1. */
  alpha: number;
}

const HEX = /^#([0-9a-f]{3,4}|[0-9a-f]{6}|[0-9a-f]{8})$/i;

/** A literal colour; undefined for Liquid, gradients and what no browser knows. */
export function readColor(text: string): Rgba | undefined {
  const plain = text.trim();
  if (HEX.test(plain)) return readHex(plain.slice(1));
  if (plain.includes("{") || plain.length > 100 || plain === "currentcolor") return undefined;
  return readCss(plain);
}

function readHex(digits: string): Rgba {
  const pairs = digits.length < 6 ? [...digits].map((digit) => digit + digit) : (digits.match(/../g) ?? []);
  const [red = 0, green = 0, blue = 0, alpha = 255] = pairs.map((pair) => parseInt(pair, 16));
  return { red, green, blue, alpha: alpha / 255 };
}

/** Names and functions, computed by the browser. */
function readCss(text: string): Rgba | undefined {
  if (!CSS.supports("color", text) || /^(inherit|initial|unset|revert)/.test(text)) return undefined;
  const probe = document.createElement("span");
  probe.style.setProperty("color", text);
  document.body.append(probe);
  const computed = getComputedStyle(probe).color;
  probe.remove();
  const parts = /^rgba?\(([^)]*)\)$/.exec(computed)?.[1]?.split(/[\s,/]+/).map(Number);
  if (!parts || parts.some(Number.isNaN)) return undefined;
  const [red = 0, green = 0, blue = 0, alpha = 1] = parts;
  return { red: Math.round(red), green: Math.round(green), blue: Math.round(blue), alpha };
}

export function writeColor({ red, green, blue, alpha }: Rgba): string {
  const pair = (value: number): string => Math.round(value).toString(16).padStart(2, "0");
  const solid = `#${pair(red)}${pair(green)}${pair(blue)}`;
  return alpha >= 1 ? solid : solid + pair(alpha * 255);
}

/** Without alpha, for `<input type=color>`. */
export function opaque(color: Rgba): string {
  return writeColor({ ...color, alpha: 1 });
}
