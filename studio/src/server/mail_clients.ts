/** Mail clients in dark mode, as the service knows them. */

import { api } from "./api";

export interface MailClient {
  id: string;
  name: string;
  /** Behind a picture in dark mode. */
  background: string;
  /** A file with a side of up to so many pixels gets other colours in dark mode; 0: none does. */
  recolors_up_to: number;
  /** The CSS filter that is close to these colours. */
  recoloring_filter: string | null;
}

export async function listMailClients(): Promise<readonly MailClient[]> {
  return (await api.get<{ items: MailClient[] }>("/v1/dark-clients", { anonymous: true })).body.items;
}

/** The filter through which a client in dark mode shows a file of so many pixels; null for none. */
export function recoloring(client: MailClient, pixels: { width: number; height: number }): string | null {
  const isSmall = Math.min(pixels.width, pixels.height) <= client.recolors_up_to;
  return isSmall ? client.recoloring_filter : null;
}
