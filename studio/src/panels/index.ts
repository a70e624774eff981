import type { Panels } from "../shell/registry";
import { Fields } from "./fields";
import { Findings } from "./findings";
import { insert, InsertMenu } from "./insert_menu";
import { Inspector } from "./inspector";
import { JsonDrawer } from "./json";
import { Layers } from "./layers";
import { People } from "./people";

/** The editor's panels. */
export const panels: Panels = {
  layers: Layers,
  inspector: Inspector,
  fields: Fields,
  people: People,
  findings: Findings,
  json: JsonDrawer,
  insertMenu: InsertMenu,
  insert,
};
