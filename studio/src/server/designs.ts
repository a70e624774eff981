/** Designs to start from. */

import { api } from "./api";

export interface Design {
  id: string;
  name: string;
  description: string;
  category: string;
  width: number;
  height: number;
  thumbnail_url: string;
}

export async function listDesigns(): Promise<readonly Design[]> {
  return (await api.get<{ items: Design[] }>("/v1/designs", { has: ["items"] })).body.items;
}

/** Copies a design's art as assets and stores its document as the draft of a template. */
export async function startFromDesign(id: string, templateId: string): Promise<void> {
  await api.post(`/v1/designs/${id}/use`, { template_id: templateId });
}
