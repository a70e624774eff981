/** Mail clients and the colours that they show behind a picture; as postcard/lint/mail_clients.py has them. */

export interface MailClient {
  id: string;
  name: string;
  /** Behind a picture in dark mode. */
  dark: string;
  /** Pictures with a side of up to so many pixels get other colours in dark mode; 0: none. */
  recolorsUpTo: number;
  showsModernFormats: boolean;
}

export const LIGHT_GROUND = "#ffffff";

export const MAIL_CLIENTS: readonly MailClient[] = [
  { id: "gmail-android", name: "Gmail on Android", dark: "#121212", recolorsUpTo: 100, showsModernFormats: true },
  { id: "gmail-ios", name: "Gmail on iOS", dark: "#141414", recolorsUpTo: 100, showsModernFormats: true },
  { id: "apple-mail-ios", name: "Apple Mail on iOS", dark: "#1c1c1e", recolorsUpTo: 0, showsModernFormats: true },
  { id: "apple-mail-macos", name: "Apple Mail on macOS", dark: "#221c1c", recolorsUpTo: 0, showsModernFormats: true },
  { id: "outlook-web", name: "Outlook on the web", dark: "#2d2d2d", recolorsUpTo: 0, showsModernFormats: true },
  { id: "outlook-ios", name: "Outlook on iOS", dark: "#202124", recolorsUpTo: 0, showsModernFormats: true },
  { id: "outlook-macos", name: "Outlook on macOS", dark: "#1c1c1c", recolorsUpTo: 0, showsModernFormats: true },
  { id: "outlook-windows", name: "Outlook for Windows", dark: "#262626", recolorsUpTo: 0, showsModernFormats: false },
];

/** Whether a client in dark mode shows a file of so many pixels in other colours. */
export function recolors(client: MailClient, width: number, height: number): boolean {
  return Math.min(width, height) <= client.recolorsUpTo;
}
