import type { PanelProps, Screens } from "../shell/registry";
import { lazy } from "./lazy";

/** The app's screens and the editor's dialogs. */
export const screens: Screens = {
  signIn: lazy((all) => all.SignIn),
  templates: lazy((all) => all.Templates),
  newTemplate: lazy((all) => all.NewTemplate),
  pictureStart: lazy((all) => all.PictureStart),
  preview: lazy<{ id: string }>((all) => all.Preview),
  usage: lazy((all) => all.Usage),
  versions: lazy<{ id: string }>((all) => all.Versions),
  publish: lazy<PanelProps & { close: () => void }>((all) => all.Publish),
  saveCopy: lazy<PanelProps & { close: () => void }>((all) => all.SaveCopy),
  assets: lazy<PanelProps>((all) => all.AssetsPanel),
  fonts: lazy<PanelProps>((all) => all.FontsPanel),
};
